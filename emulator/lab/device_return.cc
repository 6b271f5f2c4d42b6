#include "emulator/lab/device_return.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"
#include "emulator/base/phase.h"
#include "emulator/lab/device.h"
#include "emulator/netlink/belongings.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/pinned.h"
#include "emulator/sandbox/sysctl.h"

namespace geomx::lab {
namespace {

using Json = nlohmann::json;

constexpr int retry_ms = 5;
// Of a device whose own name has been given to another meanwhile; the kernel counts.
constexpr const char* other_name = "geomx%d";
constexpr const char* other_name_prefix = "geomx";

std::string state_file(const std::string& folder, const std::string& mark) {
  return fmt::format("{}/devices-{}.json", folder, mark);
}
std::string home_pin(const std::string& folder, const std::string& mark) {
  return fmt::format("{}/network-{}-home", folder, mark);
}
std::string node_pin(const std::string& folder, const std::string& mark, std::size_t number) {
  return fmt::format("{}/network-{}-{}", folder, mark, number);
}

std::vector<const PlannedNode*> nodes_with_devices(const Plan& plan) {
  std::vector<const PlannedNode*> nodes;
  for (const PlannedNode& node : plan.nodes) {
    if (node.device) nodes.push_back(&node);
  }
  return nodes;
}

// --- What a device is like, as text

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string unhex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

Json hex(const std::vector<std::string>& messages) {
  Json list = Json::array();
  for (const std::string& each : messages) list.push_back(hex(each));
  return list;
}

std::vector<std::string> unhex(const Json& list) {
  std::vector<std::string> messages;
  for (const Json& each : list) messages.push_back(unhex(each.get<std::string>()));
  return messages;
}

Json state_of(netlink::Socket& socket, const std::string& name) {
  const netlink::Link link = netlink::get_link(socket, name);
  std::string master;
  for (const netlink::Link& each : netlink::list_links(socket)) {
    if (link.master != 0 && each.index == link.master) master = each.name;
  }
  const netlink::Belongings belongings = netlink::belongings_of(socket, link.index);
  return {{"name", name},
          {"index", link.index},
          {"mac", netlink::to_string(link.mac)},
          {"mtu", link.mtu},
          {"txqueuelen", link.txqueuelen},
          {"master", master},
          {"up", link.up},
          {"addresses", hex(belongings.addresses)},
          {"routes", hex(belongings.routes)}};
}

// After a restart of the machine, devices are where they belong and what guarded them has gone.
std::string this_boot() {
  return sandbox::read_sysctl("kernel.random.boot_id");
}

// --- Back

// Changes what the kernel lets be changed.
void attempt(netlink::Socket& socket, const netlink::Message& message) {
  try {
    socket.execute(message);
  } catch (const SystemError& error) {
    if (error.error_number() == ETIMEDOUT) throw;
  }
}

template <typename Condition>
std::optional<netlink::Link> find(netlink::Socket& socket, Condition condition) {
  for (const netlink::Link& link : netlink::list_links(socket)) {
    if (condition(link)) return link;
  }
  return std::nullopt;
}

netlink::Mac mac_of(const Json& state) {
  return netlink::parse_mac(state.at("mac").get<std::string>());
}

// In the node it is found by its index, and at home by its own MAC address, whatever the node's programs have made of
// the rest. The kernel brings it down on its way, and forgets its addresses and routes.
void move_back(const sandbox::Namespace& node, const sandbox::Namespace& home, const Json& state) {
  const sandbox::ScopedNetwork inside(node);
  netlink::Socket socket;
  const auto link = find(socket, [](const netlink::Link& each) { return each.index == device_index; });
  if (!link) return;
  const std::string name = state.at("name");
  if (link->mac != mac_of(state)) {
    attempt(socket, netlink::change_link(device_index, {.up = false}, name));
    attempt(socket, netlink::change_link(device_index, {.mac = mac_of(state)}, name));
  }
  netlink::LinkChange move{.move_to_netns_fd = home.fd(), .name = name, .new_index = state.at("index").get<int>()};
  {
    // The kernel would have moved it before it finds that out.
    const sandbox::ScopedNetwork there(home);
    netlink::Socket theirs;
    if (find(theirs, [&](const netlink::Link& each) { return each.name == name; })) move.name = other_name;
    if (find(theirs, [&](const netlink::Link& each) { return each.index == *move.new_index; })) move.new_index.reset();
  }
  phase("down: device");
  socket.execute(netlink::change_link(device_index, move, name));
}

// What of it is as it was already is left alone: somebody may have been here before and not have come to the end.
void restore(const Json& state) {
  netlink::Socket socket;
  const std::string name = state.at("name");
  const auto link = find(socket, [&](const netlink::Link& each) {
    return each.mac == mac_of(state) && (each.name == name || each.name.starts_with(other_name_prefix));
  });
  if (!link) return;  // it has been unplugged
  const int mtu = state.at("mtu");
  const int queue = state.at("txqueuelen");
  const std::string master_name = state.at("master");
  const auto master = find(socket, [&](const netlink::Link& each) { return each.name == master_name; });
  const auto change = [&](const netlink::LinkChange& what) {
    attempt(socket, netlink::change_link(link->index, what, name));
  };
  if (link->mtu != mtu) change({.mtu = mtu});
  if (link->txqueuelen != queue) change({.txqueuelen = queue});
  if (master && link->master != master->index) change({.master = master->index});
  const netlink::Belongings belongings{unhex(state.at("addresses")), unhex(state.at("routes"))};
  netlink::give_addresses(socket, belongings, link->index, name);
  if (!state.at("up").get<bool>()) return;
  change({.up = true});
  netlink::give_routes(socket, belongings, link->index, name);
}

void return_all(const std::string& folder, const std::string& mark, const Json& states) {
  if (states.at("boot") != this_boot()) return;
  const std::optional<sandbox::Namespace> home = sandbox::open_pinned(home_pin(folder, mark));
  if (!home) {
    throw WorkError(folder, "the devices of its lab cannot be given back from here, where its mounts are not seen",
                    "run 'geomx-emu list' where the lab was started");
  }
  std::exception_ptr failure;  // of one device, which is no reason to keep the others
  for (std::size_t i = 0; i < states.at("devices").size(); ++i) {
    const Json& state = states.at("devices")[i];
    try {
      if (const auto node = sandbox::open_pinned(node_pin(folder, mark, i))) move_back(*node, *home, state);
      phase("down: device moved");
      const sandbox::ScopedNetwork inside(*home);
      restore(state);
    } catch (const Error&) {
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

void unguard(const std::string& path) {
  sandbox::unpin(path);
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) throw SystemError(path, "remove", errno);
}

void unguard_all(const std::string& folder, const std::string& mark) {
  std::vector<std::string> pins;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator(folder, gone)) {
    if (entry.path().filename().string().starts_with(fmt::format("network-{}-", mark))) pins.push_back(entry.path());
  }
  for (const std::string& pin : pins) unguard(pin);
}

// False: another one is at it still after `timeout`.
bool lock(const FileDescriptor& file, const std::string& path, Nanoseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw SystemError(path, "lock", errno);
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, retry_ms);
  }
  return true;
}

}  // namespace

void guard_devices(const Plan& plan, const std::string& folder, const std::string& mark) {
  const std::vector<const PlannedNode*> nodes = nodes_with_devices(plan);
  if (nodes.empty()) return;
  Json states{{"boot", this_boot()}, {"devices", Json::array()}};
  netlink::Socket socket;
  for (const PlannedNode* node : nodes) states["devices"].push_back(state_of(socket, node->device->name));
  sandbox::pin(sandbox::Namespace::current_network(), home_pin(folder, mark));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    sandbox::pin(sandbox::Namespace::create_network({}), node_pin(folder, mark, i));
  }
  phase("up: networks of devices");
  const std::string path = state_file(folder, mark);
  std::ofstream file(path + ".new");
  file << states << '\n';
  file.close();
  if (!file) throw SystemError(path, "write", errno);
  check(::rename((path + ".new").c_str(), path.c_str()), "rename", path);
  phase("up: devices guarded");
}

void open_guarded(const Plan& plan, const std::string& folder, const std::string& mark, Outside& outside) {
  const std::vector<const PlannedNode*> nodes = nodes_with_devices(plan);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string path = node_pin(folder, mark, i);
    std::optional<sandbox::Namespace> network = sandbox::open_pinned(path);
    if (!network) throw WorkError(path, "is not there any more");
    outside.nodes.emplace(nodes[i]->name, std::move(*network));
    sandbox::unpin(path);
  }
  if (!nodes.empty()) sandbox::unpin(home_pin(folder, mark));
}

bool return_devices(const std::string& folder, const std::string& mark, Nanoseconds timeout) {
  const std::string path = state_file(folder, mark);
  ::unlink((path + ".new").c_str());
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file && errno != ENOENT) throw SystemError(path, "open", errno);
  if (file && !lock(file, path, timeout)) return false;
  struct stat status {};
  if (file) check(::fstat(file.get(), &status), "look at", path);
  if (status.st_nlink > 0 && status.st_size > 0) {
    std::ifstream text(path);
    return_all(folder, mark, Json::parse(text));
    check(::ftruncate(file.get(), 0), "empty", path);  // devices are back, whatever happens to who removes the rest
    phase("down: devices returned");
  }
  unguard_all(folder, mark);
  if (status.st_nlink > 0) check(::unlink(path.c_str()), "remove", path);
  return true;
}

}  // namespace geomx::lab

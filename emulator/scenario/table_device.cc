// The part of the table of keys that says which interface of this machine a node has: its name, or an object with its
// name and its address there.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string_view>

#include "emulator/scenario/formats.h"
#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

constexpr std::size_t kLongestInterface = 15;  // IFNAMSIZ, less the 0 at its end

// The kernel allows more, of which nobody makes use, but which would have to be escaped in what is written elsewhere.
bool valid_interface(const std::string& name) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("._-+@").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kLongestInterface && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), allowed);
}

Format<std::string> interface_name() {
  return {{{"title", "interface"}, {"type", "string"}, {"minLength", 1}, {"maxLength", kLongestInterface}},
          [](const Json& value, const std::string& pointer, std::string& into, Problems& problems) {
            if (!value.is_string()) {
              wrong_type("a string", value, pointer, problems);
              return false;
            }
            const auto name = value.get<std::string>();
            if (!valid_interface(name)) {
              problems.push_back({pointer, fmt::format("\"{}\" cannot be the name of a network interface", name),
                                  "`ip link` lists those of this machine"});
              return false;
            }
            if (name == "lo") {
              problems.push_back({pointer, "\"lo\" leads nowhere, and every node has its own",
                                  "name an interface to which something is connected"});
              return false;
            }
            into = name;
            return true;
          },
          [](const std::string& value) { return Json(value); }};
}

// "192.0.2.5/24": one that a host of that network can have.
bool read_address(const std::string& text, Device::Address& into) {
  const std::size_t slash = text.find('/');
  in_addr address{};
  if (slash == std::string::npos || ::inet_pton(AF_INET, text.substr(0, slash).c_str(), &address) != 1) return false;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + slash + 1, end, into.prefix);
  if (error != std::errc() || rest != end || into.prefix < 1 || into.prefix > 32) return false;
  into.value = ntohl(address.s_addr);
  const unsigned first = into.value >> 24;
  if (first == 0 || first == 127 || first >= 224) return false;  // no network's, loopback, multicast and beyond
  const std::uint32_t hosts = into.prefix >= 31 ? 0 : ~0u >> into.prefix;
  return hosts == 0 || ((into.value & hosts) != 0 && (into.value & hosts) != hosts);
}

Format<Device::Address> address() {
  return {{{"title", "address"}, {"type", "string"}, {"examples", {"192.0.2.5/24"}}},
          [](const Json& value, const std::string& pointer, Device::Address& into, Problems& problems) {
            if (!value.is_string()) {
              wrong_type("a string", value, pointer, problems);
              return false;
            }
            if (read_address(value.get<std::string>(), into)) return true;
            problems.push_back({pointer,
                                fmt::format("{} is no IPv4 address of a host with its prefix's length", value.dump()),
                                "write it as \"192.0.2.5/24\""});
            return false;
          },
          [](const Device::Address& from) {
            char text[INET_ADDRSTRLEN];
            const in_addr network_order{htonl(from.value)};
            ::inet_ntop(AF_INET, &network_order, text, sizeof(text));
            return Json(fmt::format("{}/{}", text, from.prefix));
          }};
}

}  // namespace

Format<Device> device() {
  using D = Device;
  const Format<std::string> name = interface_name();
  const Object<D> whole{"device",
                        {
                            required("name", "what this machine calls it", &D::name, name),
                            optional("address", "IPv4, with its network's prefix length; in the node it has no other",
                                     &D::address, address()),
                        }};
  return {{{"title", "device"}, {"oneOf", {name.schema, whole.schema()}}},
          [name, whole](const Json& value, const std::string& pointer, D& into, Problems& problems) {
            if (value.is_string()) return name.read(value, pointer, into.name, problems);
            if (value.is_object()) return whole.read(value, pointer, into, problems);
            wrong_type("an interface's name or an object (device)", value, pointer, problems);
            return false;
          },
          [whole](const D& from) { return from.address ? whole.write(from) : Json(from.name); }};
}

}  // namespace geomx::scenario

#include "emulator/control/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/base/phase.h"
#include "emulator/control/exit_codes.h"
#include "emulator/control/keys.h"
#include "emulator/control/lab_socket.h"
#include "emulator/control/limits.h"
#include "emulator/control/outside.h"
#include "emulator/control/runtime.h"
#include "emulator/control/server.h"
#include "emulator/control/tcp_socket.h"
#include "emulator/lab/device_return.h"
#include "emulator/lab/lab.h"
#include "emulator/lab/needs.h"
#include "emulator/lab/uplink.h"
#include "emulator/sandbox/pidfd.h"
#include "emulator/scenario/parse.h"

namespace geomx::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds starter_patience{30};  // with a starter that is to start the reaper

// Building 1000 nodes takes seconds; on a machine that is busy with a build, many more, and the kernel takes the longer
// for a namespace the more there are.
std::chrono::seconds patience_for(const lab::Plan& plan) {
  return std::chrono::minutes(2) + std::chrono::seconds(plan.nodes.size() / 10);
}

// "STEP STEPS WHAT" between the lab process and its starter.
std::string progress_text(int step, int steps, const std::string& what) {
  return fmt::format("{} {} {}", step, steps, what);
}

void report_progress(const std::string& text, const LaunchOptions& options) {
  int step = 0;
  int steps = 0;
  int read = 0;
  if (!options.progress || std::sscanf(text.c_str(), "%d %d %n", &step, &steps, &read) != 2) return;
  options.progress(step, steps, text.substr(static_cast<std::size_t>(read)));
}

// While it lives, the standard streams of this process are /dev/null. A detached lab is forked meanwhile: it outlives
// whoever reads its starter's output, and must not keep that pipe or terminal open.
class SilencedStreams {
 public:
  SilencedStreams() {
    const FileDescriptor null(check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null"));
    for (int fd = 0; fd < 3; ++fd) {
      saved_[fd] = FileDescriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
      check(::dup2(null.get(), fd), "redirect a standard stream", "/dev/null");
    }
  }
  SilencedStreams(const SilencedStreams&) = delete;
  SilencedStreams& operator=(const SilencedStreams&) = delete;
  ~SilencedStreams() {
    for (int fd = 0; fd < 3; ++fd) {
      if (saved_[fd]) {
        ::dup2(saved_[fd].get(), fd);
      } else {
        ::close(fd);
      }
    }
  }

 private:
  FileDescriptor saved_[3];
};

std::unique_ptr<lab::Lab> make_lab(sandbox::StartReport& report, const lab::Plan& plan, const std::string& mark,
                                   lab::Outside outside) {
  const auto progress = [&](int step, int steps, const std::string& what) {
    phase(fmt::format("up: step {}", step).c_str());
    report.progress(progress_text(step, steps + 1, what));
  };
  try {
    return std::make_unique<lab::Lab>(plan, progress, mark, std::move(outside));
  } catch (const SystemError& error) {
    throw naming_limit(error, plan);
  }
}

// How the lab process gets at what is outside: closed once the lab is up.
struct WayOut {
  FileDescriptor network;    // the network namespace that it is started in
  FileDescriptor permitted;  // readable once the reaper stands by: no device may be moved before
};

lab::Outside open_outside(const lab::Plan& plan, const std::string& folder, const std::string& mark,
                          const WayOut& way_out) {
  lab::Outside outside;
  outside.network = way_out.network.get();
  lab::open_guarded(plan, folder, mark, outside);
  char permission = 0;
  if (way_out.permitted && (!sandbox::wait_readable(way_out.permitted.get(), starter_patience) ||
                            ::read(way_out.permitted.get(), &permission, 1) != 1)) {
    throw WorkError(plan.lab, "its starter has ended before the lab was up");
  }
  return outside;
}

// The lab process, from its start to its end. What it returns is init's exit code, from which RunningLab::end() tells.
int lab_main(sandbox::StartReport& report, const lab::Plan& plan, const LaunchOptions& options,
             const std::string& folder, Listeners listeners, WayOut way_out) {
  phase("up: lab process");
  const std::uint64_t open_files = lift_descriptor_limit(plan);
  phase("up: hosts file");
  sandbox::install_hosts_file(plan.hosts_file);  // before nodes come to see it their own way
  const std::string mark = read_mark(folder);
  const std::unique_ptr<lab::Lab> lab = make_lab(report, plan, mark, open_outside(plan, folder, mark, way_out));
  way_out = {};
  const std::string logs = options.log_folder.empty() ? folder + "/" + kLogFolder : options.log_folder;
  Server server(*lab, std::move(listeners), {options.scenario_json, open_files, folder, logs});
  server.start_nodes();
  if (options.begin_events) server.begin_events();
  phase("up: serving");
  report.ready();
  try {
    server.run();
  } catch (const std::exception& error) {
    spdlog::error("{}: the lab ends: {}", plan.lab, error.what());
    return kExitFailed;
  }
  phase("down: folder");
  if (!plan.reaches_outside()) remove_folder(folder);  // else the reaper does, after the rest
  phase("down: links and namespaces");
  return kExitByRequest;
}

}  // namespace

RunningLab launch(const lab::Plan& asked, const LaunchOptions& options) {
  const auto start = Clock::now();
  lab::Plan plan = asked;
  if (!options.scenario_json.empty()) lab::require_needs(scenario::parse(options.scenario_json, plan.lab));
  lab::find_images(plan);  // by the user's own podman, which the lab's process tree may not be able to ask
  RuntimeFolder folder = RuntimeFolder::claim(plan.lab);
  phase("up: folder");
  // Before there is a lab: whoever is killed when, a lab that lives can be found and ended.
  folder.describe({plan.lab, 0, plan.nodes.size(), plan.links.size(), !options.detach,
                   static_cast<std::int64_t>(std::time(nullptr)), options.run_folder});
  const bool uplinks = std::any_of(plan.nodes.begin(), plan.nodes.end(),
                                   [](const lab::PlannedNode& node) { return node.uplink.has_value(); });
  const bool devices = std::any_of(plan.nodes.begin(), plan.nodes.end(),
                                   [](const lab::PlannedNode& node) { return node.device.has_value(); });
  if (plan.reaches_outside()) {
    const std::string mark = make_mark();
    if (uplinks) lab::choose_uplinks(plan, mark);
    write_mark(folder.path(), mark, uplinks);
    lab::guard_devices(plan, folder.path(), mark);
  }
  sandbox::LabOptions lab_options;
  lab_options.name = plan.lab;
  lab_options.attached = !options.detach;
  // Made here, in the machine's own network, where the lab has no way to.
  const FileDescriptor tcp = options.listen.empty() ? FileDescriptor() : listen_tcp(options.listen);
  Address address;
  LabKeys keys;
  if (tcp) {
    keys = make_keys();
    address = {bound_address(tcp), folder.path() + "/" + kKeyName};
    write_key(address.key_file, keys.client);
  }
  lab_options.keep = {folder.lock(), folder.requests()};
  if (tcp) lab_options.keep.push_back(tcp.get());
  // What uplinks lead to, and where devices are: the lab's processes have no other way there, and the lab itself closes
  // it once it is up.
  std::optional<sandbox::Namespace> outside;
  if (uplinks || devices) {
    outside.emplace(sandbox::Namespace::current_network());
    lab_options.keep.push_back(outside->fd());
  }
  Pipe permission;
  if (devices) {
    permission = make_pipe();
    lab_options.keep.push_back(permission.read.get());
  }
  lab_options.listener = folder.listener();
  phase("up: described");
  std::optional<SilencedStreams> silenced;
  if (options.detach) silenced.emplace();
  sandbox::LabProcess process = sandbox::spawn_init(lab_options, [&](sandbox::StartReport& report) {
    return lab_main(report, plan, options, folder.path(),
                    {FileDescriptor(folder.listener()), FileDescriptor(folder.requests()), FileDescriptor(tcp.get()),
                     std::move(keys)},
                    {FileDescriptor(outside ? outside->fd() : -1), FileDescriptor(permission.read.get())});
  });
  outside.reset();
  silenced.reset();
  phase("up: started");
  folder.close_listeners();
  if (plan.reaches_outside()) start_reaper(process.pidfd(), folder.lock(), folder.path());
  // Our end for reading is open still: a lab that has ended already is found out about below.
  if (permission.write) check(static_cast<int>(::write(permission.write.get(), "", 1)), "permit moving devices");
  permission = {};
  process.wait_ready(
      patience_for(plan), [&](const std::string& text) { report_progress(text, options); }, options.stop_fd);
  Client client(connect_socket(folder.path()), folder.path(), plan.lab);
  phase("up: connected");
  folder.hand_over();
  phase("up: handed over");
  return {std::move(process).take_pidfd(), std::move(client), options.detach, Clock::now() - start, std::move(address)};
}

}  // namespace geomx::control

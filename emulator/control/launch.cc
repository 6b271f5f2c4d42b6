#include "emulator/control/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <optional>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/control/exit_codes.h"
#include "emulator/control/lab_socket.h"
#include "emulator/control/outside.h"
#include "emulator/control/runtime.h"
#include "emulator/control/server.h"
#include "emulator/lab/lab.h"
#include "emulator/lab/needs.h"
#include "emulator/scenario/parse.h"

namespace geomx::control {
namespace {

using Clock = std::chrono::steady_clock;

// Building 1000 nodes takes seconds; on a machine that is busy with a build, many more.
constexpr std::chrono::minutes patience{2};

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

// A node takes two descriptors and a shaped link up to six, and the usual limit of 1024 is for programs that use
// select(). Returns what it was: the nodes' programs may be such.
rlim_t lift_descriptor_limit() {
  rlimit limit{};
  check(::getrlimit(RLIMIT_NOFILE, &limit), "read the limit of open files");
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  check(::setrlimit(RLIMIT_NOFILE, &limit), "raise the limit of open files");
  return before;
}

// The lab process, from its start to its end. What it returns is init's exit code, from which RunningLab::end() tells.
int lab_main(sandbox::StartReport& report, const lab::Plan& plan, const LaunchOptions& options,
             const std::string& folder, FileDescriptor listener) {
  const rlim_t open_files = lift_descriptor_limit();
  sandbox::install_hosts_file(plan.hosts_file);  // before nodes come to see it their own way
  const auto progress = [&](int step, int steps, const std::string& what) {
    report.progress(progress_text(step, steps + 1, what));
  };
  lab::Lab lab(plan, progress, read_mark(folder));
  const std::string logs = options.log_folder.empty() ? folder + "/" + kLogFolder : options.log_folder;
  Server server(lab, std::move(listener), {options.scenario_json, open_files, folder, logs});
  server.start_nodes();
  if (options.begin_events) server.begin_events();
  report.ready();
  try {
    server.run();
  } catch (const std::exception& error) {
    spdlog::error("{}: the lab ends: {}", plan.lab, error.what());
    return kExitFailed;
  }
  if (!plan.reaches_outside()) remove_folder(folder);  // else the reaper does, after the rest
  return kExitByRequest;
}

}  // namespace

RunningLab launch(const lab::Plan& asked, const LaunchOptions& options) {
  const auto start = Clock::now();
  lab::Plan plan = asked;
  if (!options.scenario_json.empty()) lab::require_needs(scenario::parse(options.scenario_json, plan.lab));
  lab::find_images(plan);  // by the user's own podman, which the lab's process tree may not be able to ask
  RuntimeFolder folder = RuntimeFolder::claim(plan.lab);
  // Before there is a lab: whoever is killed when, a lab that lives can be found and ended.
  folder.describe({plan.lab, 0, plan.nodes.size(), plan.links.size(), !options.detach,
                   static_cast<std::int64_t>(std::time(nullptr))});
  if (plan.reaches_outside()) write_mark(folder.path(), make_mark());
  sandbox::LabOptions lab_options;
  lab_options.name = plan.lab;
  lab_options.attached = !options.detach;
  lab_options.keep = {folder.lock()};
  lab_options.listener = folder.listener();
  std::optional<SilencedStreams> silenced;
  if (options.detach) silenced.emplace();
  sandbox::LabProcess process = sandbox::spawn_init(lab_options, [&](sandbox::StartReport& report) {
    return lab_main(report, plan, options, folder.path(), FileDescriptor(folder.listener()));
  });
  silenced.reset();
  folder.close_listener();
  if (plan.reaches_outside()) start_reaper(process.pidfd(), folder.lock(), folder.path());
  process.wait_ready(
      patience, [&](const std::string& text) { report_progress(text, options); }, options.stop_fd);
  Client client(connect_socket(folder.path()), plan.lab);
  folder.hand_over();
  return RunningLab(std::move(process).take_pidfd(), std::move(client), options.detach, Clock::now() - start);
}

}  // namespace geomx::control

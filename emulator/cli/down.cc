#include "emulator/cli/down.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>

#include "emulator/base/error.h"
#include "emulator/control/launch.h"
#include "emulator/control/runtime.h"
#include "emulator/scenario/suggest.h"

namespace geomx::cli {
namespace {

void end(const control::LabEntry& entry) {
  if (entry.pid == 0) throw WorkError(entry.name, "the lab is still coming up", "try again when it is there");
  FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, entry.pid, 0)));
  if (!pidfd && errno == ESRCH) return;  // it has just ended by itself
  if (!pidfd) throw SystemError(entry.name, "open its process", errno);
  control::RunningLab lab(entry.pid, std::move(pidfd), control::Client::connect(entry.name), true, {});
  const std::chrono::duration<double> time = lab.stop();
  fmt::print("{} is down: {:.2f} s\n", entry.name, time.count());
}

int down(const std::string& name, bool all) {
  const std::vector<control::LabEntry> labs = control::running_labs();
  std::vector<std::string> names;
  bool found = false;
  for (const control::LabEntry& entry : labs) {
    names.push_back(entry.name);
    if (!all && entry.name != name) continue;
    end(entry);
    found = true;
  }
  if (!found && !all) {
    throw InputError(name, "no lab of this name is running",
                     names.empty() ? "none is" : scenario::suggestion(name, names));
  }
  control::running_labs();  // removes the folder of one that had to be killed
  return 0;
}

}  // namespace

void add_down(CLI::App& app, int& exit_code) {
  struct Options {
    std::string lab;
    bool all = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("down", "End a lab: its processes, namespaces and links");
  CLI::Option* lab = command->add_option("LAB", options->lab, "The lab's name");
  command->add_flag("--all", options->all, "Every lab of this user")->excludes(lab);
  command->footer("Examples:\n  geomx-emu down three-dc\n  geomx-emu down --all");
  command->callback([options, &exit_code] {
    if (options->lab.empty() && !options->all) throw CLI::RequiredError("LAB or --all");
    exit_code = down(options->lab, options->all);
  });
}

}  // namespace geomx::cli

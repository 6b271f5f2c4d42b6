#include "emulator/cli/down.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "emulator/base/error.h"
#include "emulator/control/launch.h"
#include "emulator/control/runtime.h"

namespace geomx::cli {
namespace {

void end_one(const std::string& name) {
  const std::chrono::duration<double> time = control::RunningLab::attach(name).stop();
  fmt::print("{} is down: {:.2f} s\n", name, time.count());
}

// One that cannot be ended does not keep the others alive.
int end_all() {
  bool all_ended = true;
  for (const control::LabEntry& entry : control::running_labs()) {
    try {
      end_one(entry.name);
    } catch (const InputError&) {
      // It has ended by itself meanwhile.
    } catch (const Error& error) {
      fmt::print(stderr, "geomx-emu: {}\n", error.line());
      all_ended = false;
    }
  }
  return all_ended ? 0 : 1;
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
    exit_code = options->all ? end_all() : 0;
    if (!options->all) end_one(options->lab);
    control::running_labs();  // removes the folder of one that had to be killed
  });
}

}  // namespace geomx::cli

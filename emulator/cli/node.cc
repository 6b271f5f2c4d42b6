#include "emulator/cli/node.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "emulator/cli/lab_option.h"
#include "emulator/control/client.h"

namespace geomx::cli {
namespace {

const char* done(const std::string& action) {
  if (action == "kill") return "killed: its processes have ended, its interfaces are down";
  if (action == "restart") return "restarted";
  return action == "pause" ? "paused: its processes stand still" : "resumed";
}

}  // namespace

void add_node(CLI::App& app, int& exit_code) {
  struct Options {
    LabOption lab;
    std::string node;
    std::string action;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("node", "Kill, restart, pause or resume a node");
  add_lab(*command, options->lab);
  command->add_option("NODE", options->node, "The node's name")->required();
  command
      ->add_option("ACTION", options->action,
                   "kill: end all its processes and take its interfaces down; restart: bring it back; pause, resume: "
                   "stop and continue its processes")
      ->required()
      ->check(CLI::IsMember({"kill", "restart", "pause", "resume"}));
  command->footer("Examples:\n  geomx-emu node three-dc a-worker-0 kill\n  geomx-emu node three-dc a-worker-0 restart");
  command->callback([options, &exit_code] {
    connect(options->lab).act_on_node(options->node, options->action);
    fmt::print("{} is {}\n", options->node, done(options->action));
    exit_code = 0;
  });
}

}  // namespace geomx::cli

#include "emulator/cli/shell.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "emulator/cli/exec.h"

namespace geomx::cli {
namespace {

// The user's own shell where the node has it: a node need not have what this machine has.
constexpr const char* kShell = R"(command -v "$SHELL" >/dev/null 2>&1 && exec "$SHELL"; exec /bin/sh)";

}  // namespace

void add_shell(CLI::App& app, int& exit_code) {
  struct Options {
    std::string lab;
    std::string node;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("shell", "Your shell in a node; its exit code is returned");
  command->add_option("LAB", options->lab, "The lab's name")->required();
  command->add_option("NODE", options->node, "The node's name")->required();
  command->footer(
      "It is $SHELL where the node has that program, else /bin/sh. Without a terminal it reads commands from its "
      "input.\n"
      "Examples:\n"
      "  geomx-emu shell three-dc a-gateway\n"
      "  echo 'ip route; ss -t' | geomx-emu shell three-dc a-worker-0");
  command->callback([options, &exit_code] {
    exit_code = exec_in_node(options->lab, options->node, {"/bin/sh", "-c", kShell});
  });
}

}  // namespace geomx::cli

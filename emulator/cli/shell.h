#pragma once

namespace CLI {
class App;
}

// `geomx-emu shell LAB NODE`: an interactive shell in a node.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_shell(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

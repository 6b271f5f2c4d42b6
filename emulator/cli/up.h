#pragma once

namespace CLI {
class App;
}

// `geomx-emu up SCENARIO`: the network alone; in the foreground until Ctrl-C, or detached.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_up(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

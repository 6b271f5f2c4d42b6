#pragma once

namespace CLI {
class App;
}

// `geomx-emu exec LAB NODE -- COMMAND...`: a command in a node, as if it were run here.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_exec(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

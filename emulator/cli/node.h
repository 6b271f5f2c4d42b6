#pragma once

namespace CLI {
class App;
}

// `geomx-emu node LAB NODE kill|restart|pause|resume`: what happens to the machine that a node stands for.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_node(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

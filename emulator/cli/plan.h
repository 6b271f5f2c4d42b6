#pragma once

namespace CLI {
class App;
}

// `geomx-emu plan SCENARIO`: what would be made; makes nothing.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_plan(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

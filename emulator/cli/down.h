#pragma once

namespace CLI {
class App;
}

// `geomx-emu down LAB|--all`: ends labs and returns when nothing of them is left.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_down(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

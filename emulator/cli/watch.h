#pragma once

namespace CLI {
class App;
}

// `geomx-emu watch LAB`: what its links carry, as it happens.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_watch(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

#pragma once

namespace CLI {
class App;
}

// `geomx-emu generate KIND --hosts N`: a scenario by recipe.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_generate(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

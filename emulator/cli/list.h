#pragma once

namespace CLI {
class App;
}

// `geomx-emu list`: the labs that run.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_list(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

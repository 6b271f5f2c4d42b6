#pragma once

namespace CLI {
class App;
}

// `geomx-emu inspect LAB`: what the kernel has, compared with the plan.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_inspect(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

#pragma once

namespace CLI {
class App;
}

// `geomx-emu apply LAB SCENARIO`: makes a running lab into another, and says first what changes.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_apply(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

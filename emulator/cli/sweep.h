#pragma once

namespace CLI {
class App;
}

// `geomx-emu sweep SCENARIO --vary PATH=VALUES`: runs every combination of values, and says what came of them.
namespace geomx::cli {

// Registers the subcommand; its callback stores 0 (all runs are ok) or 1 (one failed, was interrupted, or has an
// expectation unmet) and throws InputError for what is 2.
void add_sweep(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

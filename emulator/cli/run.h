#pragma once

namespace CLI {
class App;
}

// `geomx-emu run SCENARIO`: builds the network, runs the job in it, and says what came of it.
namespace geomx::cli {

// Registers the subcommand; its callback stores 0 (ok) or 1 (the run failed, was interrupted, or an expectation is
// unmet) and throws InputError for what is 2.
void add_run(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

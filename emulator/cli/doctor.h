#pragma once

namespace CLI {
class App;
}

// `geomx-emu doctor`: what this machine can do, and what to do about what it cannot.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_doctor(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

// `geomx-emu check SCENARIO`: reads the file, judges it, makes nothing.
namespace geomx::cli {

// Prints "PATH: ok: ..." on standard output, or every error on standard error. Returns the exit code: 0 or 2.
// What this machine may be too small for is warned of on standard error, and with `strict` an error.
// With `json` one object goes to standard output instead: ok, counts, warnings, errors.
int check(const std::string& path, const std::vector<std::string>& overrides, bool json, bool strict = false);

// Registers the subcommand; its callback stores what check() returns.
void add_check(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

// `geomx-emu exec LAB NODE -- COMMAND...`: a command in a node, as if it were run here.
namespace geomx::cli {

// Runs argv in a node until it ends, in the caller's terminal where there is one, and returns its exit code. Throws
// InputError for an unknown lab or node, WorkError where the command cannot be started or the lab has ended.
int exec_in_node(const std::string& lab, const std::string& node, std::vector<std::string> command);

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_exec(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

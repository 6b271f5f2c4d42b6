#pragma once

namespace CLI {
class App;
}

// `geomx-emu link LAB LINK [KEY=VALUE]... [up|down]`: changes a link of a running lab and shows what it is then.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_link(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

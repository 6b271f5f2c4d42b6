#pragma once

namespace CLI {
class App;
}

// `geomx-emu convert FILE --to FORMAT`: pictures and other emulators' files.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_convert(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

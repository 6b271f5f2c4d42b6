#pragma once

namespace CLI {
class App;
}

// `geomx-emu capture LAB LINK|NODE`: frames into a pcap file, until a bound or Ctrl-C.
namespace geomx::cli {

// Registers the subcommand; its callback stores the exit code and throws what geomx-emu prints as an error.
void add_capture(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

#pragma once

namespace CLI {
class App;
}

namespace geomx::cli {

// geomx-emu presets: lists the kinds of links that a scenario can name, with their figures and sources.
void add_presets(CLI::App& app, int& exit_code);

}  // namespace geomx::cli

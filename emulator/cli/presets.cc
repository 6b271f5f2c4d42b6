#include "emulator/cli/presets.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "emulator/scenario/presets.h"

namespace geomx::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(scenario::Distribution distribution) {
  switch (distribution) {
    case scenario::Distribution::uniform:
      return "uniform";
    case scenario::Distribution::normal:
      return "normal";
    case scenario::Distribution::pareto:
      return "pareto";
  }
  return "";
}

// As a scenario would say it.
Json figures(const scenario::LinkProperties& properties) {
  Json json = Json::object();
  if (properties.rate) json["rate"] = to_string(*properties.rate);
  if (properties.delay) json["delay"] = to_string(*properties.delay);
  if (properties.jitter) json["jitter"] = to_string(*properties.jitter);
  if (properties.distribution) json["distribution"] = name_of(*properties.distribution);
  return json;
}

std::string line(const scenario::LinkProperties& properties) {
  std::string text;
  const Json json = figures(properties);
  for (const auto& [key, value] : json.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", key, value.get<std::string>());
  }
  return text;
}

void print_text() {
  for (const scenario::Preset& preset : scenario::presets()) {
    fmt::print("{}: {}\n", preset.name, preset.description);
    if (preset.down == preset.up) {
      fmt::print("  both ways  {}\n", line(preset.down));
    } else {
      fmt::print("  forward    {}\n  backward   {}\n", line(preset.down), line(preset.up));
    }
    fmt::print("  source     {}\n", preset.source);
  }
}

void print_json() {
  Json list = Json::array();
  for (const scenario::Preset& preset : scenario::presets()) {
    list.push_back({{"name", preset.name},
                    {"description", preset.description},
                    {"forward", figures(preset.down)},
                    {"backward", figures(preset.up)},
                    {"source", preset.source}});
  }
  fmt::print("{}\n", list.dump(2));
}

}  // namespace

void add_presets(CLI::App& app, int& exit_code) {
  const auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("presets", "List the kinds of links that a scenario can name");
  command->add_flag("--json", *json, "Print one JSON array");
  command->footer(
      "Examples:\n"
      "  geomx-emu presets --json");
  command->callback([json, &exit_code] {
    *json ? print_json() : print_text();
    exit_code = 0;
  });
}

}  // namespace geomx::cli

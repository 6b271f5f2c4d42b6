#include "emulator/cli/link.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/cli/lab_option.h"
#include "emulator/control/client.h"
#include "emulator/scenario/link_patch.h"

namespace geomx::cli {
namespace {

struct Options {
  LabOption lab;
  std::string link;
  std::vector<std::string> changes;
  std::string from;
  bool forward = false;
  bool backward = false;
  bool rebuild = false;
  bool json = false;
};

control::LinkChange change_of(const Options& options) {
  control::LinkChange change;
  change.link = options.link;
  change.from = options.from;
  change.way = options.forward ? lab::Way::forward : options.backward ? lab::Way::backward : lab::Way::both;
  change.rebuild = options.rebuild;
  for (const std::string& word : options.changes) {
    if (word != "up" && word != "down") {
      change.assignments.push_back(scenario::with_absolute_paths(word, std::filesystem::current_path().string()));
    } else if (change.up) {
      throw InputError(word, "\"up\" or \"down\" was said before", "say one of them, once");
    } else {
      change.up = word == "up";
    }
  }
  const bool one_way = options.forward || options.backward || !options.from.empty();
  if (one_way && change.up) throw InputError(options.link, "a link is up or down in both directions");
  return change;
}

void print(const nlohmann::json& link) {
  const auto text = [](const nlohmann::json& value) { return value.is_string() ? value.get<std::string>() : "-"; };
  fmt::print("{} is {}, shaped by {}, mtu {}\n", text(link["name"]), link["up"].get<bool>() ? "up" : "down",
             text(link["shaper"]), link["mtu"].get<int>());
  for (const char* way : {"forward", "backward"}) {
    const auto& direction = link[way];
    std::string asked;
    for (const auto& [key, value] : direction["asked"].items()) {
      const bool usual = value.is_null() || value == "0ns" || value == "0%" || value == "kept" || key == "seed";
      if (!usual) asked += fmt::format(" {} {}", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
    fmt::print("  {:<32} asked:{}\n  {:<32} read back: {}\n", text(direction["direction"]),
               asked.empty() ? " unshaped" : asked, "", text(direction["read_back"]));
  }
}

int change_link(const Options& options) {
  const control::LinkChange change = change_of(options);
  control::Client client = connect(options.lab);
  if (!change.assignments.empty() || change.up) {
    for (const std::string& line : client.change_link(change)) fmt::print(stderr, "geomx-emu: {}\n", line);
  }
  const std::string document = client.inspect_link(options.link);
  options.json ? fmt::print("{}\n", document) : print(nlohmann::json::parse(document));
  return 0;
}

}  // namespace

void add_link(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("link", "Change a link while traffic flows; show what it is");
  add_lab(*command, options->lab);
  command->add_option("LINK", options->link, "The link's name")->required();
  command
      ->add_option("CHANGE", options->changes,
                   "KEY=VALUE as in a scenario (KEY=none takes it away), up or down; nothing: only show it")
      ->type_name("CHANGE");
  CLI::Option* forward = command->add_flag("--forward", options->forward, "Only from the link's first end");
  CLI::Option* backward = command->add_flag("--backward", options->backward, "Only from its second end");
  CLI::Option* from = command->add_option("--from", options->from, "Only from this end")->type_name("NODE");
  forward->excludes(backward, from);
  backward->excludes(from);
  command->add_flag("--rebuild", options->rebuild,
                    "Where its shaper cannot do it, make the link anew with the wire; what is on it is lost");
  command->add_flag("--json", options->json, "Print one JSON object");
  command->footer(
      "Examples:\n"
      "  geomx-emu link three-dc wan-a\n"
      "  geomx-emu link three-dc wan-a rate=10Mbit delay=80ms\n"
      "  geomx-emu link three-dc wan-a --from central loss=1% queue=200packets\n"
      "  geomx-emu link three-dc wan-a 'trace={\"file\": \"4g.trace\"}' mtu=1400\n"
      "  geomx-emu link three-dc wan-a down");
  command->callback([options, &exit_code] { exit_code = change_link(*options); });
}

}  // namespace geomx::cli

#include "emulator/cli/apply.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/base/phase.h"
#include "emulator/cli/lab_option.h"
#include "emulator/control/client.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

namespace geomx::cli {
namespace {

struct Options {
  LabOption lab;
  std::string path;
  std::vector<std::string> set;
  bool dry_run = false;
};

// Where the kernel has something else than the lab's new plan says; those that are killed or down apart.
int read_back(control::Client& client) {
  const nlohmann::json inspection = nlohmann::json::parse(client.inspect());
  int differing = 0;
  for (const auto& node : inspection["nodes"]) {
    if (node["state"] == "killed") continue;
    for (const auto& difference : node["differences"]) {
      const auto text = difference.get<std::string>();
      if (text.find("not running") != std::string::npos) continue;
      fmt::print(stderr, "geomx-emu: {}: {}\n", node["name"].get<std::string>(), text);
      ++differing;
    }
  }
  fmt::print("read back: {} nodes, {} links, {}\n", inspection["nodes"].size(), inspection["links"].size(),
             differing == 0 ? "all as planned" : "which differ from the plan");
  return differing == 0 ? 0 : 1;
}

int apply(const Options& options) {
  const std::string scenario = scenario::write(scenario::load(options.path, options.set));
  control::Client client = connect(options.lab);
  const std::vector<std::string> lines = client.apply(scenario, true);
  for (const std::string& line : lines) fmt::print("{}\n", line);
  if (lines.empty()) fmt::print("{} is so already\n", options.lab.name);
  if (options.dry_run) return 0;
  std::fflush(stdout);
  phase("apply: asking");
  client.apply(scenario, false);
  phase("apply: reading back");
  return read_back(client);
}

}  // namespace

void add_apply(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("apply", "Make a running lab into another: print what changes, do it, read back");
  add_lab(*command, options->lab);
  command->add_option("SCENARIO", options->path, "The scenario that it is to become")->required();
  command->add_option("--set", options->set, "Override a value: PATH=VALUE")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command->add_flag("--dry-run", options->dry_run, "Only print what would change");
  command->footer(
      "Nodes, links and addresses that both have go on undisturbed. Events and jobs of the file are not started.\n"
      "Examples:\n"
      "  geomx-emu apply three-dc new.json --dry-run\n"
      "  geomx-emu apply three-dc new.json");
  command->callback([options, &exit_code] { exit_code = apply(*options); });
}

}  // namespace geomx::cli

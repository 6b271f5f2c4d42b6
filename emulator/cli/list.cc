#include "emulator/cli/list.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "emulator/control/runtime.h"

namespace geomx::cli {
namespace {

void print_json(const std::vector<control::LabEntry>& labs) {
  nlohmann::ordered_json answer = nlohmann::json::array();
  for (const control::LabEntry& lab : labs) {
    answer.push_back(
        {{"name", lab.name},
         {"pid", lab.pid},
         {"nodes", lab.nodes},
         {"links", lab.links},
         {"attached", lab.attached},
         {"started", lab.started},
         {"run_folder", lab.run_folder.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(lab.run_folder)}});
  }
  fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_table(const std::vector<control::LabEntry>& labs) {
  if (labs.empty()) {
    fmt::print("no lab is running\n");
    return;
  }
  fmt::print("{:<24} {:>8} {:>6} {:>6}  {:<9} {}\n", "LAB", "PID", "NODES", "LINKS", "LIFE", "SINCE");
  for (const control::LabEntry& lab : labs) {
    const std::string pid = lab.pid > 0 ? std::to_string(lab.pid) : "-";
    fmt::print("{:<24} {:>8} {:>6} {:>6}  {:<9} {:%Y-%m-%d %H:%M:%S}\n", lab.name, pid, lab.nodes, lab.links,
               lab.attached ? "attached" : "detached", fmt::localtime(static_cast<std::time_t>(lab.started)));
  }
}

}  // namespace

void add_list(CLI::App& app, int& exit_code) {
  const auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("list", "The labs that run");
  command->add_flag("--json", *json, "Print a JSON array");
  command->footer("Examples:\n  geomx-emu list\n  geomx-emu list --json | jq -r '.[].name'");
  command->callback([json, &exit_code] {
    const std::vector<control::LabEntry> labs = control::running_labs();
    *json ? print_json(labs) : print_table(labs);
    exit_code = 0;
  });
}

}  // namespace geomx::cli

#include "emulator/cli/check.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/cli/shortages.h"
#include "emulator/lab/needs.h"
#include "emulator/lab/probe.h"
#include "emulator/scenario/names.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/schema.h"

namespace geomx::cli {
namespace {

constexpr int kBadInput = 2;

struct Counts {
  std::size_t datacenters;
  std::size_t nodes;
  std::size_t links;  // of the scenario; each host's link to its LAN apart
  int workers;
};

Counts count(const scenario::Scenario& scenario) {
  Counts counts{scenario.topology.datacenters.size(), scenario::hostnames(scenario).size(),
                scenario.topology.links.size(), 0};
  if (scenario.training) {
    for (const scenario::Party& party : scenario.training->parties) counts.workers += party.workers;
  }
  return counts;
}

std::string plural(std::size_t number, const char* noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string describe(const scenario::Scenario& scenario) {
  const Counts counts = count(scenario);
  std::string text = fmt::format("{}, {}, {}", plural(counts.datacenters, "data center"), plural(counts.nodes, "node"),
                                 plural(counts.links, "link"));
  if (scenario.training) {
    const scenario::Training& training = *scenario.training;
    const std::string workers = plural(static_cast<std::size_t>(counts.workers), "worker");
    text += training.computes()
                ? fmt::format("; {} train {} on {}", workers, training.model, training.dataset)
                : fmt::format("; {} compute nothing, and take the time of {}", workers, training.profile.value());
  }
  if (!scenario.workload.empty()) text += fmt::format("; {}", plural(scenario.workload.size(), "command"));
  return text;
}

// Empty also where no lab can be had here at all: doctor says that.
std::vector<lab::Shortage> shortages_of(const scenario::Scenario& scenario) {
  try {
    return shortages_here(scenario, lab::make_plan(scenario, lab::probe_kernel()), true);
  } catch (const Error&) {
    return {};
  }
}

nlohmann::ordered_json as_json(const std::vector<InputError>& errors) {
  nlohmann::ordered_json list = nlohmann::json::array();
  for (const InputError& error : errors) {
    list.push_back({{"where", error.where()}, {"what", error.what()}, {"hint", error.hint()}});
  }
  return list;
}

void print_json(const std::string& path, const scenario::Scenario& scenario,
                const std::vector<lab::Shortage>& shortages) {
  const Counts counts = count(scenario);
  nlohmann::ordered_json answer = {{"path", path},
                                   {"ok", true},
                                   {"name", scenario.name},
                                   {"datacenters", counts.datacenters},
                                   {"nodes", counts.nodes},
                                   {"links", counts.links},
                                   {"workers", counts.workers},
                                   {"warnings", nlohmann::json::array()},
                                   {"errors", nlohmann::json::array()}};
  for (const lab::Shortage& shortage : shortages) answer["warnings"].push_back(describe_shortage(shortage));
  answer["unmet"] = as_json(lab::unmet_needs(scenario));
  fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_json(const std::string& path, const std::vector<InputError>& errors) {
  const nlohmann::ordered_json answer = {{"path", path}, {"ok", false}, {"errors", as_json(errors)}};
  // A path need not be UTF-8.
  fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

int fail(const std::string& path, const std::vector<InputError>& errors, bool json) {
  if (json) print_json(path, errors);
  for (const InputError& error : errors) fmt::print(stderr, "geomx-emu: {}\n", error.line());
  return kBadInput;
}

}  // namespace

int check(const std::string& path, const std::vector<std::string>& overrides, bool json, bool strict) {
  try {
    const scenario::Scenario scenario = scenario::load(path, overrides);
    const std::vector<lab::Shortage> shortages = shortages_of(scenario);
    warn_of(shortages, path, strict, json);
    if (json) {
      print_json(path, scenario, shortages);
    } else {
      fmt::print("{}: ok: {}\n", path, describe(scenario));
      for (const InputError& need : lab::unmet_needs(scenario)) {
        fmt::print("{}: cannot run on this machine as it is: {}\n", path, need.line());
      }
    }
    return 0;
  } catch (const scenario::ScenarioErrors& errors) {
    return fail(path, errors.errors(), json);
  } catch (const InputError& error) {
    return fail(path, {error}, json);
  }
}

void add_check(CLI::App& app, int& exit_code) {
  struct Options {
    std::string path;
    std::vector<std::string> overrides;
    bool json = false;
    bool schema = false;
    bool strict = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("check", "Validate a scenario file; make nothing");
  CLI::Option* path = command->add_option("SCENARIO", options->path, "The scenario file");
  command->add_option("--set", options->overrides, "Override a value: PATH=VALUE")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  command->add_flag("--json", options->json, "Print one JSON object");
  command->add_flag("--strict", options->strict, "Refuse a scenario that this machine is too small for");
  CLI::Option* schema = command->add_flag("--schema", options->schema, "Print the JSON Schema of scenario files");
  schema->excludes(path);
  command->footer(
      "Examples:\n"
      "  geomx-emu check scenarios/three-dc.json --set topology.links.*.rate=10Mbit\n"
      "  geomx-emu check --schema");
  command->callback([options, &exit_code] {
    if (options->schema) {
      fmt::print("{}", scenario::json_schema());
      return;
    }
    if (options->path.empty()) throw CLI::RequiredError("SCENARIO");
    exit_code = check(options->path, options->overrides, options->json, options->strict);
  });
}

}  // namespace geomx::cli

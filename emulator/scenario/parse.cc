#include "emulator/scenario/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "emulator/scenario/files.h"
#include "emulator/scenario/json.h"
#include "emulator/scenario/machine.h"
#include "emulator/scenario/model_file.h"
#include "emulator/scenario/profile.h"
#include "emulator/scenario/set.h"
#include "emulator/scenario/table.h"
#include "emulator/scenario/traces.h"
#include "emulator/scenario/validate.h"

namespace geomx::scenario {
namespace {

std::string join_lines(const std::vector<InputError>& errors) {
  std::string lines;
  for (const InputError& error : errors) lines += (lines.empty() ? "" : "\n") + error.line();
  return lines;
}

// One reading of one document: what is wrong with it, and where.
class Reading {
 public:
  Reading(std::string_view text, std::string path) : path_(std::move(path)), document_(read_json(text)) {
    for (const PlacedProblem& placed : document_.problems)
      add(placed.place, path_, placed.problem.pointer, placed.problem);
  }

  Scenario scenario(const std::vector<std::string>& overrides) {
    const bool is_json = !document_.root.is_null() || document_.problems.empty();
    Scenario scenario;
    if (is_json) {
      for (const std::string& assignment : overrides) apply(assignment);
      if (check_version()) scenario = read();
    }
    if (!errors_.empty()) throw_errors();
    return scenario;
  }

 private:
  struct Located {
    Place place;
    InputError error;
    std::string pointer;
  };

  void add(Place place, const std::string& source, const std::string& pointer, const Problem& problem) {
    const std::string position = place.line > 0 ? fmt::format("{}:{}:{}", source, place.line, place.column) : source;
    errors_.push_back({place,
                       InputError(pointer.empty() ? position : position + ": " + pointer, problem.what, problem.hint),
                       problem.pointer});
  }

  // A problem of the value at a pointer, or of one that is missing there.
  void add(const Problem& problem) {
    std::string pointer = problem.pointer;
    while (!document_.root.contains(Json::json_pointer(pointer))) pointer.resize(pointer.rfind('/'));
    for (std::string at = pointer;; at.resize(at.rfind('/'))) {
      if (const auto by = set_by_.find(at); by != set_by_.end()) {
        add(Place{}, "--set " + by->second, pointer, problem);
        return;
      }
      if (at.empty()) break;
    }
    const Document::Places& places = document_.places.at(pointer);  // not set, hence from the text
    add(problem.at_key && pointer == problem.pointer ? places.key : places.value, path_, pointer, problem);
  }

  void apply(const std::string& assignment) {
    try {
      Json changed = document_.root;  // one that fails half way changes nothing
      for (const std::string& pointer : set(changed, assignment)) set_by_[pointer] = assignment;
      document_.root = std::move(changed);
    } catch (const InputError& error) {
      errors_.push_back({Place{}, error, {}});
    }
  }

  // Of a version that we do not know, nothing else can be said.
  bool check_version() {
    if (!document_.root.is_object() || !document_.root.contains("version")) return true;  // the table says so
    const Json& version = document_.root.at("version");
    if (version.is_number_integer() && version == 1) return true;
    add({"/version", fmt::format("version {} of the file is not known", version.dump()), "write \"version\": 1"});
    return false;
  }

  Scenario read() {
    Scenario scenario;
    Problems problems;
    scenario_table().read(document_.root, "", scenario, problems);
    if (scenario.training && scenario.training->computes() && !scenario.training->epochs && !scenario.training->rounds)
      scenario.training->epochs = 1;
    for (Link& link : scenario.topology.links) {
      const bool joined = !link.ends[0].empty() && !link.ends[1].empty();
      if (link.name.empty() && joined) link.name = link.ends[0] + "--" + link.ends[1];
    }
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    read_traces(scenario, folder, problems);
    if (scenario.training) find_model(*scenario.training, folder, problems);
    if (scenario.training) find_profile(*scenario.training, folder, problems);
    for (const Problem& problem : problems) add(problem);
    if (!document_.root.is_object()) return scenario;
    for (const Problem& problem : validate(scenario, problems)) add(problem);
    return scenario;
  }

  [[noreturn]] void throw_errors() {
    std::stable_sort(errors_.begin(), errors_.end(),
                     [](const Located& a, const Located& b) { return a.place < b.place; });
    std::vector<InputError> errors;
    std::vector<ScenarioErrors::Finding> findings;
    for (Located& located : errors_) {
      findings.push_back({std::move(located.pointer), located.place.line, located.place.column, located.error.what(),
                          located.error.hint()});
      errors.push_back(std::move(located.error));
    }
    throw ScenarioErrors(std::move(errors), std::move(findings));
  }

  std::string path_;
  Document document_;
  std::unordered_map<std::string, std::string> set_by_;  // JSON pointer -> the override that set it
  std::vector<Located> errors_;
};

}  // namespace

ScenarioErrors::ScenarioErrors(std::vector<InputError> errors, std::vector<Finding> findings)
    : InputError({}, join_lines(errors)), errors_(std::move(errors)), findings_(std::move(findings)) {}

Scenario parse(std::string_view text, const std::string& path, const std::vector<std::string>& overrides) {
  return Reading(text, path).scenario(overrides);
}

void resolve_paths(Scenario& scenario, const std::string& folder) {
  const auto resolve = [&](Machine& machine) {
    const auto absolute = [&](std::string& path) {
      path = (std::filesystem::path(folder) / path).lexically_normal().string();
    };
    if (machine.image && is_folder(*machine.image)) absolute(*machine.image);
    for (PlacedFile& file : machine.files) {
      if (file.from) absolute(*file.from);
    }
  };
  for (Datacenter& datacenter : scenario.topology.datacenters) resolve(datacenter.machine);
  for (Node& node : scenario.topology.nodes) resolve(node.machine);
}

Scenario load(const std::string& path, const std::vector<std::string>& overrides) {
  Scenario scenario = parse(read_text_file(path, "the scenario"), path, overrides);
  resolve_paths(scenario, std::filesystem::absolute(path).parent_path().string());
  return scenario;
}

}  // namespace geomx::scenario

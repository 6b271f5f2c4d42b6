#include "emulator/scenario/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "emulator/scenario/names.h"
#include "emulator/scenario/roles.h"
#include "emulator/scenario/workload.h"

namespace geomx::scenario {
namespace {

constexpr const char* kOfEveryRun[] = {"wall_seconds", "lab.nodes", "lab.links", "lab.up_seconds", "lab.down_seconds"};
constexpr const char* kOfLearning[] = {"test_accuracy", "test_loss", "train_loss"};
constexpr const char* kOfTraining[] = {"rounds",      "samples",         "samples_per_second",
                                       "faults.lost", "faults.returned", "faults.missing_gradients",
                                       "wan_bytes",   "lan_bytes"};
constexpr const char* kOfLinks[] = {"bytes", "drops"};
constexpr const char* kOfCommands[] = {"exit_code", "seconds", "runs"};

// "NAME.FROM->TO" of every link and direction that summary.json lists: each host's cable to its data center's switch,
// and the topology's own links.
std::vector<std::string> directions(const Scenario& scenario) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& link, const std::string& from, const std::string& to) {
    names.push_back(fmt::format("{}.{}->{}", link, from, to));
    names.push_back(fmt::format("{}.{}->{}", link, to, from));
  };
  const std::vector<Role> roles = roles_of(scenario);
  for (const Datacenter& datacenter : scenario.topology.datacenters) {
    std::vector<std::string> members;
    for (const Role& role : roles) {
      if (role.datacenter == datacenter.name) members.push_back(role.name);
    }
    for (int i = 0; i < datacenter.hosts; ++i) members.push_back(host_of(datacenter.name, i));
    for (const Node& node : scenario.topology.nodes) {
      if (node.datacenter == datacenter.name) members.push_back(node.name);
    }
    const std::string lan = switch_of(datacenter.name);
    for (const std::string& member : members) add(lan_link_of(member, datacenter.name), member, lan);
  }
  for (const Link& link : scenario.topology.links) add(link.name, link.ends[0], link.ends[1]);
  return names;
}

// "links.INDEX.KEY"
bool by_index(std::string_view path, std::size_t links) {
  constexpr std::string_view kLinks = "links.";
  if (!path.starts_with(kLinks)) return false;
  path.remove_prefix(kLinks.size());
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), index);
  if (error != std::errc() || index >= links) return false;
  path.remove_prefix(static_cast<std::size_t>(end - path.data()));
  return std::any_of(std::begin(kOfLinks), std::end(kOfLinks),
                     [&](const char* key) { return path == fmt::format(".{}", key); });
}

}  // namespace

std::vector<std::string> metrics(const Scenario& scenario) {
  std::vector<std::string> paths(std::begin(kOfEveryRun), std::end(kOfEveryRun));
  if (scenario.training) {
    for (const char* key : kOfTraining) paths.push_back(fmt::format("training.{}", key));
  }
  if (scenario.training && scenario.training->computes()) {
    for (const char* key : kOfLearning) paths.push_back(fmt::format("training.{}", key));
    for (const AccuracyLevel& level : kAccuracyLevels) {
      paths.push_back(fmt::format("training.seconds_to_accuracy.{}", level.name));
    }
  }
  const std::vector<CommandInstance> commands = instances(scenario);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    for (const char* key : kOfCommands) {
      paths.push_back(fmt::format("workload.{}.{}", i, key));
      if (!commands[i].name.empty()) paths.push_back(fmt::format("workload.{}.{}", commands[i].name, key));
    }
  }
  for (const std::string& direction : directions(scenario)) {
    for (const char* key : kOfLinks) paths.push_back(fmt::format("links.{}.{}", direction, key));
  }
  return paths;
}

bool is_metric(const Scenario& scenario, const std::string& path) {
  const std::vector<std::string> paths = metrics(scenario);
  return std::find(paths.begin(), paths.end(), path) != paths.end() || by_index(path, directions(scenario).size());
}

}  // namespace geomx::scenario

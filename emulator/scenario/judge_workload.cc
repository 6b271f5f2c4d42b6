#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "emulator/scenario/judge.h"
#include "emulator/scenario/names.h"
#include "emulator/scenario/suggest.h"
#include "emulator/scenario/workload.h"

namespace geomx::scenario {
namespace {

using ByName = std::map<std::string, std::size_t>;  // a command's name -> its index

std::string pointer_of(std::size_t index) {
  return fmt::format("/workload/{}", index);
}

ByName judge_names(const Scenario& scenario, Judge& judge) {
  const std::vector<Command>& workload = scenario.workload;
  const std::vector<std::string> nodes = node_names(scenario);
  ByName by_name;
  for (std::size_t i = 0; i < workload.size(); ++i) {
    if (workload[i].name.empty()) continue;
    if (std::find(nodes.begin(), nodes.end(), workload[i].name) != nodes.end()) {
      judge.add(pointer_of(i) + "/name", fmt::format("the name \"{}\" is a node's", workload[i].name),
                "the log of that name would be both's");
    }
    const auto [first, fresh] = by_name.emplace(workload[i].name, i);
    if (fresh) continue;
    judge.add(pointer_of(i) + "/name",
              fmt::format("the name \"{}\" is taken by command {}", workload[i].name, first->second),
              "names are unique");
  }
  return by_name;
}

void judge_place(const Scenario& scenario, std::size_t index, const Names& names, Judge& judge) {
  const Command& command = scenario.workload[index];
  const std::string pointer = pointer_of(index);
  if (command.node.empty() && command.nodes.empty()) {
    if (!judge.unread_within(pointer)) judge.add(pointer, "\"node\" is missing", "where it runs; or \"nodes\"");
    return;
  }
  if (!command.node.empty() && !command.nodes.empty()) {
    judge.add(pointer + "/nodes", "both \"node\" and \"nodes\" are given", "remove one of them");
  }
  names.require_host(command.node, pointer + "/node", judge);
  const bool names_known = !judge.problem_within("/topology");
  const std::vector<std::string> hosts = names_known ? hostnames(scenario) : std::vector<std::string>{};
  for (std::size_t i = 0; i < command.nodes.size(); ++i) {
    const std::string& pattern = command.nodes[i];
    const std::string at = fmt::format("{}/nodes/{}", pointer, i);
    if (pattern.find('*') == std::string::npos) {
      names.require_host(pattern, at, judge);
    } else if (names_known && std::none_of(hosts.begin(), hosts.end(),
                                           [&](const std::string& host) { return matches(pattern, host); })) {
      judge.add(at, fmt::format("no node matches \"{}\"", pattern), "geomx-emu plan lists the nodes");
    }
  }
}

void judge_ready(const Command& command, const std::string& pointer, Judge& judge) {
  if (!command.ready || judge.unread_within(pointer)) return;
  const Ready& ready = *command.ready;
  const int given = (ready.port ? 1 : 0) + (ready.output ? 1 : 0) + (ready.file ? 1 : 0);
  if (given != 1) {
    judge.add(pointer + "/ready", given == 0 ? "says nothing that could be seen" : "says more than one thing",
              "give one of \"port\", \"output\" and \"file\"");
  }
  if (command.name.empty()) judge.add(pointer + "/ready", "nothing can wait for it", "give the command a \"name\"");
  if (command.repeat > 1) {
    judge.add(pointer + "/repeat", "a command with \"ready\" is started once", "remove one of them");
  }
}

// Whether a command waits, through others, for itself.
bool in_circle(const std::vector<Command>& workload, const ByName& by_name, std::size_t start) {
  std::vector<bool> seen(workload.size(), false);
  std::vector<std::size_t> open{start};
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    for (const std::string& name : workload[at].after) {
      const auto found = by_name.find(name);
      if (found == by_name.end()) continue;
      if (found->second == start) return true;
      if (seen[found->second]) continue;
      seen[found->second] = true;
      open.push_back(found->second);
    }
  }
  return false;
}

void judge_order(const std::vector<Command>& workload, std::size_t index, const ByName& by_name, Judge& judge) {
  const std::string pointer = pointer_of(index) + "/after";
  std::vector<std::string> known;
  for (const auto& [name, unused] : by_name) known.push_back(name);
  bool sound = true;
  for (std::size_t i = 0; i < workload[index].after.size(); ++i) {
    const std::string& name = workload[index].after[i];
    if (name.empty() || by_name.contains(name)) continue;
    sound = false;
    judge.add(fmt::format("{}/{}", pointer, i), fmt::format("there is no command \"{}\"", name),
              known.empty() ? "give the command that it waits for a \"name\"" : suggestion(name, known));
  }
  if (sound && in_circle(workload, by_name, index)) {
    judge.add(pointer, "waits, through others or not, for itself", "let one of them wait for nobody");
  }
}

}  // namespace

void judge_workload(const Scenario& scenario, const Names& names, Judge& judge) {
  const std::vector<Command>& workload = scenario.workload;
  const ByName by_name = judge_names(scenario, judge);
  for (std::size_t i = 0; i < workload.size(); ++i) {
    const std::string pointer = pointer_of(i);
    const bool program = !workload[i].argv.empty() && !workload[i].argv[0].empty();
    judge_place(scenario, i, names, judge);
    if (!program && !judge.unread_within(pointer + "/argv")) {
      judge.add(pointer + "/argv", "no program to run", "write it as [\"ping\", \"-c\", \"3\", \"b-host-0\"]");
    }
    judge_ready(workload[i], pointer, judge);
    judge_order(workload, i, by_name, judge);
    if (workload[i].timeout && workload[i].timeout->count() == 0) {
      judge.add(pointer + "/timeout", "no command ends at once", "for example \"30s\"");
    }
    if (workload[i].background && workload[i].timeout) {
      judge.add(pointer + "/timeout", "a command in the background runs until all others are done",
                "remove one of them");
    }
    if (workload[i].background && workload[i].repeat > 1) {
      judge.add(pointer + "/repeat", "a command in the background is started once", "remove one of them");
    }
  }
  const bool all_background =
      std::all_of(workload.begin(), workload.end(), [](const Command& command) { return command.background; });
  if (!workload.empty() && all_background && !judge.unread_within("/workload")) {
    judge.add("/workload", "every command is in the background, so nothing decides when the run ends",
              "let at least one be in the foreground");
  }
}

}  // namespace geomx::scenario

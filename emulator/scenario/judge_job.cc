#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <queue>
#include <unordered_set>

#include "emulator/scenario/judge.h"
#include "emulator/scenario/metrics.h"
#include "emulator/scenario/roles.h"
#include "emulator/scenario/suggest.h"

namespace geomx::scenario {
namespace {

// The data centers and nodes that a packet from `start` reaches. Hosts forward nothing.
std::unordered_set<std::string> reachable_from(const std::string& start, const Topology& topology) {
  std::unordered_map<std::string, std::vector<std::string>> neighbours;
  std::unordered_set<std::string> hosts;
  const auto join = [&](const std::string& a, const std::string& b) {
    neighbours[a].push_back(b);
    neighbours[b].push_back(a);
  };
  for (const Link& link : topology.links) join(link.ends[0], link.ends[1]);
  for (const Node& node : topology.nodes) {
    if (node.kind == NodeKind::host) hosts.insert(node.name);
    if (node.datacenter) join(node.name, *node.datacenter);
  }
  std::unordered_set<std::string> reached{start};
  std::queue<std::string> open({start});
  while (!open.empty()) {
    const std::string at = open.front();
    open.pop();
    if (hosts.contains(at)) continue;
    for (const std::string& next : neighbours[at]) {
      if (reached.insert(next).second) open.push(next);
    }
  }
  return reached;
}

void judge_connected(const Training& training, const Party& central, const Topology& topology, Judge& judge) {
  const std::unordered_set<std::string> reached = reachable_from(central.datacenter, topology);
  for (std::size_t i = 0; i < training.parties.size(); ++i) {
    const std::string& datacenter = training.parties[i].datacenter;
    if (reached.contains(datacenter)) continue;
    judge.add(fmt::format("/training/parties/{}/datacenter", i),
              fmt::format("no path of links leads from \"{}\" to the central party in \"{}\"", datacenter,
                          central.datacenter),
              "add a link; hosts do not forward");
  }
}

void judge_central(const Party& party, const std::string& pointer, const Party*& central, Judge& judge) {
  if (central != nullptr) {
    judge.add(pointer + "/global_servers",
              fmt::format("a second central party; the first is in \"{}\"", central->datacenter),
              "only the central party has global_servers");
  } else {
    central = &party;
  }
  if (party.servers != 1) {
    judge.add(pointer + "/servers", "the central party has no party servers", "its servers are its global_servers");
  }
}

void judge_parties(const Scenario& scenario, const Names& names, Judge& judge) {
  constexpr const char* kParties = "/training/parties";
  const std::vector<Party>& parties = scenario.training->parties;
  std::unordered_map<std::string, std::size_t> seats;
  const Party* central = nullptr;
  for (std::size_t i = 0; i < parties.size(); ++i) {
    const Party& party = parties[i];
    const std::string pointer = fmt::format("{}/{}", kParties, i);
    names.require_datacenter(party.datacenter, pointer + "/datacenter", judge);
    const auto [first, fresh] = seats.emplace(party.datacenter, i);
    if (!fresh && !party.datacenter.empty()) {
      judge.add(pointer + "/datacenter",
                fmt::format("data center \"{}\" has a party already, party {}", party.datacenter, first->second),
                "a data center has one party");
    }
    if (party.global_servers > 0) judge_central(party, pointer, central, judge);
  }
  if (central == nullptr) {
    if (!judge.unread_within(kParties)) {
      judge.add(kParties, "there is no central party", "give one party \"global_servers\": 1");
    }
    return;
  }
  bool any_worker = false;
  bool any_other = false;
  for (std::size_t i = 0; i < parties.size(); ++i) {
    any_worker = any_worker || parties[i].workers > 0;
    if (parties[i].global_servers > 0) continue;
    any_other = true;
    const std::string pointer = fmt::format("{}/{}", kParties, i);
    if (is_flat(*scenario.training) && parties[i].servers != 1) {
      judge.add(pointer + "/servers", "a flat architecture has no party servers",
                "leave it out, or make \"architecture\" \"hips\"");
    }
    if (parties[i].workers == 0 && !judge.unread_within(pointer)) {
      judge.add(pointer, fmt::format("the party in \"{}\" has no workers", parties[i].datacenter),
                "give it \"workers\": 1 or more");
    }
  }
  if (!any_worker && !any_other && !judge.unread_within(kParties)) {
    judge.add(kParties, "no party has workers", "give at least one party \"workers\"");
  }
  if (!judge.problem_within(kParties) && !judge.problem_within("/topology")) {
    judge_connected(*scenario.training, *central, scenario.topology, judge);
  }
}

std::string optimizer_name(const Training& training) {
  return training.optimizer.name.value_or(training.sync.name == "diloco" ? "adamw" : "adam");
}

void judge_schedule(const Optimizer& optimizer, Judge& judge) {
  constexpr const char* kPointer = "/training/optimizer/schedule";
  if (!optimizer.schedule || judge.unread_within(kPointer)) return;
  const Schedule& schedule = *optimizer.schedule;
  const auto owned = [&](bool given, const std::string& key, const std::string& owner, bool required) {
    const std::string pointer = fmt::format("{}/{}", kPointer, key);
    if (given && schedule.name != owner) {
      judge.add(pointer, fmt::format("\"{}\" has no {}", schedule.name, key), fmt::format("it belongs to {}", owner));
    }
    if (!given && required && schedule.name == owner) {
      judge.add(pointer, fmt::format("\"{}\" is missing", key), fmt::format("\"{}\" needs one", owner));
    }
  };
  owned(schedule.every.has_value(), "every", "step", true);
  owned(schedule.gamma.has_value(), "gamma", "step", true);
  owned(schedule.total.has_value(), "total", "cosine", true);
  owned(schedule.floor.has_value(), "floor", "cosine", false);
  if (schedule.total && *schedule.total <= schedule.warmup) {
    judge.add(fmt::format("{}/total", kPointer),
              fmt::format("total {} is not more than warmup {}", *schedule.total, schedule.warmup),
              "the warm-up's steps are among the total's");
  }
  if (schedule.floor && *schedule.floor > optimizer.learning_rate) {
    judge.add(fmt::format("{}/floor", kPointer),
              fmt::format("floor {} is more than learning_rate {}", *schedule.floor, optimizer.learning_rate));
  }
}

void judge_optimizer(const Training& training, Judge& judge) {
  const Optimizer& optimizer = training.optimizer;
  if (!judge.unread_within("/training/optimizer/name")) {
    const std::string name = optimizer_name(training);
    if (name != "sgd" && optimizer.momentum != 0) {
      judge.add("/training/optimizer/momentum", fmt::format("\"{}\" has no momentum", name), "it belongs to \"sgd\"");
    }
    if (optimizer.nesterov && (name != "sgd" || optimizer.momentum == 0) &&
        !judge.unread_within("/training/optimizer/momentum")) {
      judge.add("/training/optimizer/nesterov", "there is no momentum that could be Nesterov's",
                R"(it belongs to "sgd" with "momentum" above 0)");
    }
  }
  judge_schedule(optimizer, judge);
}

// A setting that belongs to some of the algorithms only.
void judge_owner(bool given, const std::string& key, const std::string& name, const std::vector<std::string>& owners,
                 const char* group, Judge& judge) {
  const std::string pointer = fmt::format("/training/{}", group);
  if (!given || judge.unread_within(pointer + "/name")) return;
  if (std::find(owners.begin(), owners.end(), name) != owners.end()) return;
  judge.add(fmt::format("{}/{}", pointer, key), fmt::format("\"{}\" has no {}", name, key),
            fmt::format("it belongs to {}", fmt::join(owners, ", ")));
}

void judge_sync(const Training& training, Judge& judge) {
  const Sync& sync = training.sync;
  const auto owned = [&](bool given, const char* key, const std::vector<std::string>& owners) {
    judge_owner(given, key, sync.name, owners, "sync", judge);
  };
  owned(sync.dcasgd, "dcasgd", {"mixed"});
  if (sync.dcasgd_lambda && !sync.dcasgd) {
    judge.add("/training/sync/dcasgd_lambda", "there is no delay compensation", "it belongs to \"dcasgd\": true");
  }
  owned(sync.k1.has_value(), "k1", {"hfa"});
  owned(sync.k2.has_value(), "k2", {"hfa", "diloco"});
  owned(sync.local_steps.has_value(), "local_steps", {"esync", "diloco"});
  owned(sync.outer_learning_rate.has_value(), "outer/learning_rate", {"esync", "diloco"});
  owned(sync.outer_momentum.has_value(), "outer/momentum", {"diloco"});
  if (sync.dcasgd && (training.optimizer.name != "sgd" || training.optimizer.momentum != 0)) {
    judge.add("/training/sync/dcasgd", "delay compensation is a form of sgd without momentum",
              R"(make the optimizer {"name": "sgd"})");
  }
}

void judge_codec(const Training& training, Judge& judge) {
  const Codec& codec = training.codec;
  const auto owned = [&](bool given, const char* key, const std::vector<std::string>& owners) {
    judge_owner(given, key, codec.name, owners, "codec", judge);
  };
  owned(codec.ratio.has_value(), "ratio", {"bisparse", "mpq"});
  owned(codec.values.has_value(), "values", {"bisparse", "mpq"});
  owned(codec.lower_bound.has_value(), "lower_bound", {"bisparse", "mpq"});
  owned(codec.threshold.has_value(), "threshold", {"2bit"});
}

// What makes no sense with the parties as they are.
void judge_combination(const Training& training, Judge& judge) {
  if (judge.problem_within("/training/parties")) return;
  int parties = 0;
  bool others = false;
  for (const Party& party : training.parties) {
    if (party.workers > 0) ++parties;
    others = others || party.global_servers == 0;
  }
  const bool one_party = is_flat(training) || parties < 2;
  if (training.sync.name == "mixed" && one_party) {
    judge.add("/training/sync/name", "\"mixed\" is asynchronous between parties, and only one trains",
              "fsa is the same with one party");
  }
  const bool sparse = training.codec.name == "bisparse" || training.codec.name == "mpq";
  if (sparse && (is_flat(training) || !others)) {
    judge.add("/training/codec/name",
              fmt::format("\"{}\" saves bytes between parties, and there is only the central one", training.codec.name),
              "fp16, bf16 and 2bit do so within a party");
  }
}

void judge_training(const Scenario& scenario, const Names& names, Judge& judge) {
  const Training& training = *scenario.training;
  if (training.epochs && training.rounds) {
    judge.add("/training/rounds", "both \"epochs\" and \"rounds\" are given", "remove one of them");
  }
  judge_optimizer(training, judge);
  judge_sync(training, judge);
  judge_codec(training, judge);
  judge_parties(scenario, names, judge);
  judge_combination(training, judge);
  judge_flow(training, judge);
  judge_faults(training, judge);
  if (training.computes()) judge_data(training, judge);
  judge_cost(scenario, judge);
}

void judge_expectations(const Scenario& scenario, Judge& judge) {
  const bool no_training = !scenario.training && !judge.unread_within("/training");
  const bool names_known =
      !judge.problem_within("/topology") && !judge.problem_within("/training") && !judge.problem_within("/workload");
  for (std::size_t i = 0; i < scenario.expect.size(); ++i) {
    const Expectation& expectation = scenario.expect[i];
    const std::string pointer = fmt::format("/expect/{}", i);
    if (!expectation.min && !expectation.max && !judge.unread_within(pointer)) {
      judge.add(pointer, "nothing is expected", "give \"min\" or \"max\"");
    }
    if (expectation.min && expectation.max && *expectation.min > *expectation.max) {
      judge.add(pointer + "/min", fmt::format("min {} is more than max {}", *expectation.min, *expectation.max));
    }
    if (expectation.metric.starts_with("training.") && no_training) {
      judge.add(pointer + "/metric",
                fmt::format("\"{}\" is never measured: there is no \"training\"", expectation.metric));
    } else if (names_known && !expectation.metric.empty() && !is_metric(scenario, expectation.metric)) {
      const std::string near = nearest(expectation.metric, metrics(scenario));
      judge.add(pointer + "/metric", fmt::format("\"{}\" is no number in summary.json", expectation.metric),
                near.empty() ? "docs/run-folder.md names them; of a link: links.NAME.FROM->TO.bytes or .drops"
                             : fmt::format("did you mean \"{}\"?", near));
    }
  }
}

}  // namespace

void judge_job(const Scenario& scenario, const Names& names, Judge& judge) {
  if (scenario.training && !scenario.workload.empty()) {
    judge.add("/workload", "a scenario has either \"training\" or \"workload\"", "remove one of them");
  }
  if (scenario.training) judge_training(scenario, names, judge);
  judge_workload(scenario, names, judge);
  judge_expectations(scenario, judge);
}

}  // namespace geomx::scenario

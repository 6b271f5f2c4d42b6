#include "emulator/scenario/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "emulator/scenario/names.h"
#include "emulator/scenario/roles.h"
#include "emulator/scenario/suggest.h"

namespace geomx::scenario {
namespace {

constexpr std::size_t kBridgePorts = 1023;  // of a Linux bridge

// Is `pointer` at or below `top`?
bool within(const std::string& pointer, const std::string& top) {
  return pointer.starts_with(top) && (pointer.size() == top.size() || pointer[top.size()] == '/');
}

class Validator {
 public:
  Validator(const Scenario& scenario, const Problems& known) : scenario_(scenario), known_(known) {}

  Problems run() {
    collect_names();
    check_nodes();
    check_links();
    check_what_runs();
    if (scenario_.training) check_training(*scenario_.training);
    check_workload();
    check_expectations();
    return std::move(problems_);
  }

 private:
  // Silent where reading has failed at that pointer or above it.
  void add(std::string pointer, std::string what, std::string hint = {}) {
    const bool follows = std::any_of(known_.begin(), known_.end(),
                                     [&](const Problem& problem) { return within(pointer, problem.pointer); });
    if (!follows) problems_.push_back({std::move(pointer), std::move(what), std::move(hint)});
  }

  bool complained_within(const std::string& top) const {
    const auto is_within = [&](const Problem& problem) { return within(problem.pointer, top); };
    return std::any_of(known_.begin(), known_.end(), is_within) ||
           std::any_of(problems_.begin(), problems_.end(), is_within);
  }

  // --- names ---

  void take(const std::string& name, const std::string& pointer, const std::string& owner) {
    if (name.empty()) {
      names_complete_ = false;
      return;
    }
    const auto [taken, fresh] = names_.emplace(name, owner);
    if (!fresh) add(pointer, fmt::format("the name \"{}\" is taken by {}", name, taken->second), "names are unique");
  }

  void collect_names() {
    const Topology& topology = scenario_.topology;
    for (const char* list : {"", "/topology", "/topology/datacenters", "/topology/nodes"}) {
      for (const Problem& problem : known_) names_complete_ = names_complete_ && problem.pointer != list;
    }
    for (std::size_t i = 0; i < topology.datacenters.size(); ++i) {
      take(topology.datacenters[i].name, fmt::format("/topology/datacenters/{}/name", i),
           fmt::format("data center {}", i));
      ends_.push_back(topology.datacenters[i].name);
    }
    for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
      take(topology.nodes[i].name, fmt::format("/topology/nodes/{}/name", i), fmt::format("node {}", i));
      ends_.push_back(topology.nodes[i].name);
    }
    if (topology.datacenters.empty() && topology.nodes.empty()) {
      add("/topology", "the topology is empty", "add \"datacenters\" or \"nodes\"");
    }
    const std::vector<Role> roles = roles_of(scenario_);
    for (std::size_t i = 0; i < topology.datacenters.size(); ++i) {
      const Datacenter& datacenter = topology.datacenters[i];
      if (datacenter.name.empty()) continue;
      const std::string pointer = fmt::format("/topology/datacenters/{}", i);
      const std::string owner = fmt::format("data center \"{}\" for a node of its own", datacenter.name);
      std::vector<std::string> lan{gateway_of(datacenter.name)};
      for (int host = 0; host < datacenter.hosts; ++host) lan.push_back(host_of(datacenter.name, host));
      for (const Role& role : roles) {
        if (role.datacenter == datacenter.name) lan.push_back(role.name);
      }
      for (const std::string& name : lan) take_generated(name, pointer, owner);
      take_generated(switch_of(datacenter.name), pointer, owner);
      const auto members = std::count_if(topology.nodes.begin(), topology.nodes.end(),
                                         [&](const Node& node) { return node.datacenter == datacenter.name; });
      const std::size_t ports = lan.size() + static_cast<std::size_t>(members);
      if (ports > kBridgePorts) {
        add(pointer, fmt::format("{} nodes on one LAN; a switch has at most {} ports", ports, kBridgePorts),
            "spread them over more data centers");
      }
    }
  }

  // Whoever declared the name is to blame, be it before or after.
  void take_generated(const std::string& name, const std::string& pointer, const std::string& owner) {
    for (std::size_t i = 0; names_.contains(name) && i < scenario_.topology.nodes.size(); ++i) {
      if (scenario_.topology.nodes[i].name != name) continue;
      add(fmt::format("/topology/nodes/{}/name", i), fmt::format("the name \"{}\" is taken by {}", name, owner),
          "names are unique");
      return;
    }
    const auto [taken, fresh] = names_.emplace(name, owner);
    // Two data centers of one name are reported once, not again for each of their nodes.
    if (!fresh && taken->second != owner) {
      add(pointer, fmt::format("its node \"{}\" has the name of {}", name, taken->second), "names are unique");
    }
  }

  void refer(const std::string& name, const std::string& pointer, const char* kind,
             const std::vector<std::string>& candidates) {
    if (name.empty() || !names_complete_) return;
    if (std::find(candidates.begin(), candidates.end(), name) != candidates.end()) return;
    std::vector<std::string> known;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(known),
                 [](const std::string& candidate) { return !candidate.empty(); });
    add(pointer, fmt::format("there is no {} \"{}\"", kind, name), suggestion(name, known));
  }

  std::vector<std::string> datacenter_names() const {
    std::vector<std::string> names;
    for (const Datacenter& datacenter : scenario_.topology.datacenters) names.push_back(datacenter.name);
    return names;
  }

  // --- topology ---

  void check_properties(const LinkProperties& properties, const std::string& pointer) {
    if (!properties.jitter) return;
    const Nanoseconds delay = properties.delay.value_or(Nanoseconds(0));
    if (*properties.jitter > delay) {
      add(pointer + "/jitter",
          fmt::format("jitter {} is more than the delay {}", to_string(*properties.jitter), to_string(delay)),
          "a packet cannot arrive before it is sent");
    }
  }

  void check_nodes() {
    const Topology& topology = scenario_.topology;
    for (std::size_t i = 0; i < topology.datacenters.size(); ++i) {
      check_properties(topology.datacenters[i].lan, fmt::format("/topology/datacenters/{}/lan", i));
    }
    for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
      if (!topology.nodes[i].datacenter) continue;
      refer(*topology.nodes[i].datacenter, fmt::format("/topology/nodes/{}/datacenter", i), "data center",
            datacenter_names());
    }
  }

  void check_links() {
    std::unordered_map<std::string, std::size_t> names;
    for (std::size_t i = 0; i < scenario_.topology.links.size(); ++i) {
      const Link& link = scenario_.topology.links[i];
      const std::string pointer = fmt::format("/topology/links/{}", i);
      for (std::size_t end = 0; end < 2; ++end) {
        refer(link.ends[end], fmt::format("{}/ends/{}", pointer, end), "data center or node", ends_);
      }
      if (!link.ends[0].empty() && link.ends[0] == link.ends[1]) {
        add(pointer + "/ends", fmt::format("the link joins \"{}\" to itself", link.ends[0]), "a link has two ends");
      }
      if (link.forward == link.backward) {
        check_properties(link.forward, pointer);
      } else {
        check_properties(link.forward, pointer + "/forward");
        check_properties(link.backward, pointer + "/backward");
      }
      if (link.name.empty()) continue;
      const auto [first, fresh] = names.emplace(link.name, i);
      if (!fresh) {
        add(pointer + "/name", fmt::format("the link name \"{}\" is taken by link {}", link.name, first->second),
            "give each link a \"name\" of its own");
      }
    }
  }

  // Which data centers and nodes does a packet from `start` reach? Hosts forward nothing.
  std::unordered_set<std::string> reachable_from(const std::string& start) const {
    std::unordered_map<std::string, std::vector<std::string>> neighbours;
    std::unordered_set<std::string> hosts;
    const auto join = [&](const std::string& a, const std::string& b) {
      neighbours[a].push_back(b);
      neighbours[b].push_back(a);
    };
    for (const Link& link : scenario_.topology.links) join(link.ends[0], link.ends[1]);
    for (const Node& node : scenario_.topology.nodes) {
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

  // --- what runs in it ---

  void check_what_runs() {
    if (scenario_.training && !scenario_.workload.empty()) {
      add("/workload", "a scenario has either \"training\" or \"workload\"", "remove one of them");
    }
  }

  void check_training(const Training& training) {
    if (training.epochs && training.rounds) {
      add("/training/rounds", "both \"epochs\" and \"rounds\" are given", "remove one of them");
    }
    if (training.optimizer.name != "sgd" && training.optimizer.momentum != 0) {
      add("/training/optimizer/momentum", fmt::format("\"{}\" has no momentum", training.optimizer.name),
          "it belongs to \"sgd\"");
    }
    std::unordered_map<std::string, std::size_t> seats;
    const Party* central = nullptr;
    bool any_worker = false;
    for (std::size_t i = 0; i < training.parties.size(); ++i) {
      const Party& party = training.parties[i];
      const std::string pointer = fmt::format("/training/parties/{}", i);
      refer(party.datacenter, pointer + "/datacenter", "data center", datacenter_names());
      const auto [first, fresh] = seats.emplace(party.datacenter, i);
      if (!fresh && !party.datacenter.empty()) {
        add(pointer + "/datacenter",
            fmt::format("data center \"{}\" has a party already, party {}", party.datacenter, first->second),
            "a data center has one party");
      }
      any_worker = any_worker || party.workers > 0;
      if (party.global_servers > 0) {
        if (central != nullptr) {
          add(pointer + "/global_servers",
              fmt::format("a second central party; the first is in \"{}\"", central->datacenter),
              "only the central party has global_servers");
        } else {
          central = &party;
        }
        if (party.servers != 1) {
          add(pointer + "/servers", "the central party has no party servers", "its servers are its global_servers");
        }
      } else if (party.workers == 0 && !complained_within(pointer)) {
        add(pointer, fmt::format("the party in \"{}\" has no workers", party.datacenter),
            "give it \"workers\", or \"global_servers\" if it is the central one");
      }
    }
    if (complained_within("/training/parties")) return;
    if (central == nullptr) {
      add("/training/parties", "there is no central party", "give one party \"global_servers\": 1");
    } else if (!any_worker) {
      add("/training/parties", "no party has workers", "give at least one party \"workers\"");
    } else if (!complained_within("/topology")) {
      check_connected(training, *central);
    }
  }

  void check_connected(const Training& training, const Party& central) {
    const std::unordered_set<std::string> reached = reachable_from(central.datacenter);
    for (std::size_t i = 0; i < training.parties.size(); ++i) {
      const std::string& datacenter = training.parties[i].datacenter;
      if (reached.contains(datacenter)) continue;
      add(fmt::format("/training/parties/{}/datacenter", i),
          fmt::format("no path of links leads from \"{}\" to the central party in \"{}\"", datacenter,
                      central.datacenter),
          "add a link; hosts do not forward");
    }
  }

  void check_workload() {
    const std::vector<Command>& workload = scenario_.workload;
    const std::vector<std::string> hosts = hostnames(scenario_);
    for (std::size_t i = 0; i < workload.size(); ++i) {
      refer(workload[i].node, fmt::format("/workload/{}/node", i), "node", hosts);
      const std::string argv = fmt::format("/workload/{}/argv", i);
      if (workload[i].argv.empty() || workload[i].argv[0].empty()) {
        if (!complained_within(argv))
          add(argv, "no program to run", "write it as [\"ping\", \"-c\", \"3\", \"b-host-0\"]");
      }
    }
    const bool all_background =
        std::all_of(workload.begin(), workload.end(), [](const Command& command) { return command.background; });
    if (!workload.empty() && all_background && !complained_within("/workload")) {
      add("/workload", "every command is in the background, so nothing decides when the run ends",
          "let at least one be in the foreground");
    }
  }

  void check_expectations() {
    for (std::size_t i = 0; i < scenario_.expect.size(); ++i) {
      const Expectation& expectation = scenario_.expect[i];
      const std::string pointer = fmt::format("/expect/{}", i);
      if (!expectation.min && !expectation.max && !complained_within(pointer)) {
        add(pointer, "nothing is expected", "give \"min\" or \"max\"");
      }
      if (expectation.min && expectation.max && *expectation.min > *expectation.max) {
        add(pointer + "/min", fmt::format("min {} is more than max {}", *expectation.min, *expectation.max));
      }
      if (expectation.metric.starts_with("training.") && !scenario_.training && !complained_within("/training")) {
        add(pointer + "/metric", fmt::format("\"{}\" is never measured: there is no \"training\"", expectation.metric));
      }
    }
  }

  const Scenario& scenario_;
  const Problems& known_;
  Problems problems_;
  std::unordered_map<std::string, std::string> names_;  // -> who has it
  std::vector<std::string> ends_;                       // what a link may join
  bool names_complete_ = true;
};

}  // namespace

Problems validate(const Scenario& scenario, const Problems& known) {
  return Validator(scenario, known).run();
}

}  // namespace geomx::scenario

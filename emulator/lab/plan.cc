#include "emulator/lab/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "emulator/base/error.h"
#include "emulator/lab/device_plan.h"
#include "emulator/lab/frr.h"
#include "emulator/lab/graph.h"
#include "emulator/lab/timeline.h"
#include "emulator/lab/uplink.h"
#include "emulator/scenario/names.h"
#include "emulator/scenario/roles.h"
#include "emulator/scenario/suggest.h"

namespace geomx::lab {
namespace {

constexpr std::size_t bridge_ports = 1023;  // BR_PORT_BITS of the kernel, less the one it keeps
constexpr Nanoseconds least_round_trip = std::chrono::milliseconds(50);
constexpr std::uint64_t least_queue = 100;     // full Ethernet frames
constexpr std::uint64_t ethernet_header = 14;  // bytes, without FCS
constexpr double most_queue = 4294967295.0;    // bytes: what tbf can count

// What is asked of a planned link, by the plan's order, until the longest paths are known.
struct Asked {
  std::string pointer;  // into the scenario, for errors
  scenario::LinkProperties forward;
  scenario::LinkProperties backward;
};

shaper::QueueLimit queue(const scenario::LinkProperties& asked, int mtu, Nanoseconds longest) {
  if (const auto* packets = std::get_if<scenario::QueuePackets>(&asked.queue)) {
    return shaper::PacketLimit{packets->count};
  }
  if (const auto* bytes = std::get_if<Bytes>(&asked.queue)) return shaper::ByteLimit{bytes->value};
  if (!asked.limited()) return shaper::PacketLimit{};
  const double seconds = std::chrono::duration<double>(std::max(longest, least_round_trip)).count();
  const BitsPerSecond rate = asked.rate ? *asked.rate : asked.trace->content->mean();
  const double product = static_cast<double>(rate.value) * seconds / 8;
  const std::uint64_t least = least_queue * (static_cast<std::uint64_t>(mtu) + ethernet_header);
  return shaper::ByteLimit{std::max(least, static_cast<std::uint64_t>(std::min(product, most_queue)))};
}

// What the scenario says of one direction, in the shaper's terms: everything but its seed. The two enumerations have
// the same values.
void resolve(shaper::Direction& direction, const scenario::LinkProperties& asked, int mtu, Nanoseconds longest) {
  const auto share = [](const std::optional<Probability>& given) { return given ? given->value : 0; };
  direction.rate = asked.rate;
  direction.trace = asked.trace ? asked.trace->content : SharedTrace();
  direction.delay = asked.delay.value_or(Nanoseconds{0});
  direction.jitter = asked.jitter.value_or(Nanoseconds{0});
  const auto distribution = asked.distribution.value_or(scenario::Distribution::uniform);
  direction.distribution = static_cast<shaper::Distribution>(distribution);
  direction.correlation = share(asked.correlation);
  direction.keeps_order = asked.order != scenario::JitterOrder::free;
  direction.loss = share(asked.loss);
  direction.gilbert_elliott.reset();
  if (const auto& model = asked.gilbert_elliott) {
    direction.gilbert_elliott = {model->p.value, model->r.value, model->loss_good.value, model->loss_bad.value};
  }
  direction.duplicate = share(asked.duplicate);
  direction.reorder = share(asked.reorder);
  direction.corrupt = share(asked.corrupt);
  direction.codel.reset();
  if (asked.discipline == scenario::Discipline::codel) {
    shaper::CodelSettings codel;
    codel.target = asked.codel_target.value_or(codel.target);
    codel.interval = asked.codel_interval.value_or(codel.interval);
    codel.ecn = asked.ecn.value_or(false);
    direction.codel = codel;
  }
  direction.queue = queue(asked, mtu, longest);
}

// What a node has of the machine that the lab is started on.
struct Outward {
  bool uplink = false;
  std::optional<scenario::Device> device{};
};

class Planner {
 public:
  Planner(const scenario::Scenario& scenario, const shaper::KernelFeatures& features, shaper::Choice choice,
          const Plan* running)
      : scenario_(scenario), features_(features), choice_(choice), running_(running) {
    plan_.lab = running != nullptr ? running->lab : scenario.name;
    plan_.features = features;
    plan_.choice = choice;
    plan_.routing = scenario.topology.routing;
  }

  Plan make() {
    add_datacenters();
    add_free_nodes();
    add_links();
    check_ports();
    const Graph graph = make_graph(plan_);
    assign_addresses(plan_, graph, running_);
    judge_devices(plan_, pointers_, running_);
    set_delays();
    const std::vector<Nanoseconds> longest = assign_routes(plan_, graph);
    for (PlannedNode& node : plan_.nodes) {
      if (node.uplink && node.uplink->address.value != 0) node.routes.push_back(route_out(node));
    }
    assign_neighbours(plan_, graph);
    assign_frr(plan_, graph);
    for (std::size_t l = 0; l < plan_.links.size(); ++l) shape(l, longest[l]);
    write_hosts_file();
    plan_.timeline = make_timeline(scenario_, plan_);
    fit_shapers(plan_);
    if (running_) refuse_rerouting();
    if (running_ && plan_.reaches_outside() && !running_->reaches_outside()) {
      throw InputError("/topology", "this lab has been started without anything outside of it to be removed at its end",
                       "a node with cpu or memory cannot be added: take the lab down and up again");
    }
    return std::move(plan_);
  }

 private:
  // What the daemons are told is what the lab was when it started.
  void refuse_rerouting() const {
    if (plan_.routing == running_->routing && plan_.routing == scenario::Routing::static_) return;
    const bool same =
        plan_.routing == running_->routing &&
        std::equal(plan_.links.begin(), plan_.links.end(), running_->links.begin(), running_->links.end(),
                   [](const PlannedLink& a, const PlannedLink& b) {
                     return a.name == b.name && a.ends[0].node == b.ends[0].node && a.ends[1].node == b.ends[1].node;
                   });
    if (same) return;
    throw InputError("/topology", "a lab that routes by FRRouting keeps its routing, nodes and links while it runs",
                     "change properties of links, or take the lab down and up again");
  }

  void add_node(const std::string& name, scenario::NodeKind kind, const std::string& datacenter,
                const std::string& pointer, const scenario::Machine& machine = {}, const Outward& outward = {}) {
    if (!index_.emplace(name, plan_.nodes.size()).second) {
      throw InputError(pointer, fmt::format("the name '{}' is taken", name),
                       "NAME-gateway, NAME-switch, NAME-host-I and the names of training roles belong to data centers");
    }
    if (const PlannedNode* before = find(running_ ? &running_->nodes : nullptr, name); before && before->kind != kind) {
      throw InputError(pointer,
                       fmt::format("'{}' is a {} in the running lab and cannot become a {}", name,
                                   to_string(before->kind), to_string(kind)),
                       "give it another name, or take the lab down and up again");
    }
    if (const PlannedNode* before = find(running_ ? &running_->nodes : nullptr, name);
        before && before->machine != machine) {
      throw InputError(
          pointer, fmt::format("'{}' runs, and its image, cpu, memory, env, files and start stay as they are", name),
          "give it another name, or take the lab down and up again");
    }
    if (const PlannedNode* before = find(running_ ? &running_->nodes : nullptr, name);
        before && before->uplink && !outward.uplink) {
      throw InputError(pointer, fmt::format("'{}' has an uplink, and keeps it while the lab runs", name),
                       "leave it, or take the lab down and up again");
    }
    PlannedNode node;
    if (outward.uplink) node.uplink = kept_uplink(name, pointer);
    if (outward.device) node.device = planned_device(*outward.device);
    node.name = name;
    node.kind = kind;
    node.datacenter = datacenter;
    node.machine = machine;
    plan_.nodes.push_back(std::move(node));
    pointers_.push_back(pointer);
  }

  // Whoever is to leave the lab while it runs would need what its start alone can give.
  PlannedUplink kept_uplink(const std::string& name, const std::string& pointer) const {
    if (running_ == nullptr) return {};
    const PlannedNode* before = find(&running_->nodes, name);
    if (before != nullptr && before->uplink) return *before->uplink;
    throw InputError(pointer + "/uplink", fmt::format("'{}' cannot get an uplink while the lab runs", name),
                     "take the lab down and up again");
  }

  template <typename Item>
  static const Item* find(const std::vector<Item>* items, const std::string& name) {
    if (items == nullptr) return nullptr;
    const auto it = std::find_if(items->begin(), items->end(), [&](const Item& item) { return item.name == name; });
    return it == items->end() ? nullptr : &*it;
  }

  // The interface that the running lab has there already, or one of a name that its node has not used.
  PlannedLink::End add_interface(const std::string& node, const std::string& link, bool kept) {
    std::vector<PlannedInterface>& interfaces = plan_.nodes[index_.at(node)].interfaces;
    const PlannedNode* before = find(running_ ? &running_->nodes : nullptr, node);
    const std::vector<PlannedInterface> none;
    const std::vector<PlannedInterface>& used = before != nullptr ? before->interfaces : none;
    const auto same = std::find_if(used.begin(), used.end(), [&](const auto& each) { return each.link == link; });
    if (kept && same != used.end()) {
      interfaces.push_back(*same);
      return {node, same->name};
    }
    std::size_t number = used.empty() ? interfaces.size() : 0;
    const auto taken = [&](const std::string& name) {
      return find(&used, name) != nullptr || find(&interfaces, name) != nullptr;
    };
    if (!used.empty()) {
      while (taken(fmt::format("eth{}", number))) ++number;
    }
    interfaces.push_back({fmt::format("eth{}", number), link, {}, 0, {}});
    return {node, interfaces.back().name};
  }

  void add_link(const std::string& name, LinkScope scope, const std::string (&ends)[2], const std::string (&label)[2],
                Asked asked) {
    if (!link_names_.insert(name).second) {
      throw InputError(asked.pointer, fmt::format("the link name '{}' is taken", name), "give the link a \"name\"");
    }
    PlannedLink link;
    link.name = name;
    link.scope = scope;
    const PlannedLink* before = find(running_ ? &running_->links : nullptr, name);
    const bool kept = before != nullptr && before->ends[0].node == ends[0] && before->ends[1].node == ends[1];
    for (int end = 0; end < 2; ++end) {
      link.ends[end] = add_interface(ends[end], name, kept);
      link.label[end] = label[end];
    }
    link.mtu = asked.forward.mtu.value_or(scenario::kDefaultMtu);
    plan_.links.push_back(std::move(link));
    asked_.push_back(std::move(asked));
  }

  void add_to_lan(const std::string& node, const std::string& datacenter, const scenario::LinkProperties& lan,
                  const std::string& pointer) {
    const std::string ends[2] = {node, scenario::switch_of(datacenter)};
    add_link(scenario::lan_link_of(node, datacenter), LinkScope::lan, ends, ends, {pointer, lan, lan});
  }

  void add_datacenters() {
    const std::vector<scenario::Role> roles = scenario::roles_of(scenario_);
    for (std::size_t d = 0; d < scenario_.topology.datacenters.size(); ++d) {
      const scenario::Datacenter& datacenter = scenario_.topology.datacenters[d];
      const std::string pointer = fmt::format("/topology/datacenters/{}", d);
      add_node(scenario::gateway_of(datacenter.name), scenario::NodeKind::router, datacenter.name, pointer, {},
               {datacenter.uplink, datacenter.device});
      add_node(scenario::switch_of(datacenter.name), scenario::NodeKind::switch_, datacenter.name, pointer);
      // The gateway's port is the LAN's, whose frames it must take, but unshaped.
      scenario::LinkProperties port;
      port.mtu = datacenter.lan.mtu;
      add_to_lan(scenario::gateway_of(datacenter.name), datacenter.name, port, pointer);
      const auto add_member = [&](const std::string& name, scenario::NodeKind kind, const std::string& from,
                                  const scenario::Machine& machine, const Outward& outward = {}) {
        add_node(name, kind, datacenter.name, from, machine, outward);
        add_to_lan(name, datacenter.name, datacenter.lan, pointer + "/lan");
      };
      for (const scenario::Role& role : roles) {
        if (role.datacenter == datacenter.name)
          add_member(role.name, scenario::NodeKind::host, pointer, datacenter.machine);
      }
      for (int i = 0; i < datacenter.hosts; ++i) {
        add_member(scenario::host_of(datacenter.name, i), scenario::NodeKind::host, pointer + "/hosts",
                   datacenter.machine);
      }
      for (std::size_t n = 0; n < scenario_.topology.nodes.size(); ++n) {
        const scenario::Node& node = scenario_.topology.nodes[n];
        if (node.datacenter != datacenter.name) continue;
        add_member(node.name, node.kind, fmt::format("/topology/nodes/{}", n), node.machine,
                   {node.uplink, node.device});
      }
    }
  }

  void add_free_nodes() {
    for (std::size_t n = 0; n < scenario_.topology.nodes.size(); ++n) {
      const scenario::Node& node = scenario_.topology.nodes[n];
      if (node.datacenter) continue;
      add_node(node.name, node.kind, "", fmt::format("/topology/nodes/{}", n), node.machine,
               {node.uplink, node.device});
    }
  }

  void add_links() {
    for (std::size_t l = 0; l < scenario_.topology.links.size(); ++l) {
      const scenario::Link& link = scenario_.topology.links[l];
      const std::string pointer = fmt::format("/topology/links/{}", l);
      std::string ends[2];
      for (int end = 0; end < 2; ++end) ends[end] = node_at(link.ends[end], fmt::format("{}/ends/{}", pointer, end));
      add_link(link.name.empty() ? link.ends[0] + "--" + link.ends[1] : link.name, LinkScope::wan, ends, link.ends,
               {pointer, link.forward, link.backward});
    }
  }

  // A data center as an end means its gateway.
  std::string node_at(const std::string& end, const std::string& pointer) const {
    for (const scenario::Datacenter& datacenter : scenario_.topology.datacenters) {
      if (datacenter.name == end) return scenario::gateway_of(end);
    }
    if (!index_.contains(end)) throw InputError(pointer, fmt::format("no data center or node is called '{}'", end));
    return end;
  }

  void check_ports() const {
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      const PlannedNode& node = plan_.nodes[n];
      if (!is_switch(node) || node.interfaces.size() <= bridge_ports) continue;
      throw InputError(pointers_[n],
                       fmt::format("the switch '{}' would have {} ports, and a Linux bridge has at most {}", node.name,
                                   node.interfaces.size(), bridge_ports),
                       "spread the hosts over more data centers or over switches of their own");
    }
  }

  void set_delays() {
    for (std::size_t l = 0; l < plan_.links.size(); ++l) {
      plan_.links[l].forward.delay = asked_[l].forward.delay.value_or(Nanoseconds{0});
      plan_.links[l].backward.delay = asked_[l].backward.delay.value_or(Nanoseconds{0});
    }
  }

  // FNV-1a over the link's name, then the finaliser of splitmix64: close seeds and close names end far apart.
  std::optional<std::uint64_t> seed(const std::string& link, int direction) const {
    if (!scenario_.seed_given) return std::nullopt;
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (const char c : link) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    hash ^= (scenario_.seed + static_cast<std::uint64_t>(direction)) * 0x9e3779b97f4a7c15u + direction;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
    return hash ^ (hash >> 31);
  }

  void shape(std::size_t l, Nanoseconds longest) {
    PlannedLink& link = plan_.links[l];
    link.asked[0] = asked_[l].forward;
    link.asked[1] = asked_[l].backward;
    link.longest_round_trip = longest;
    const auto set = [&](shaper::Direction& direction, const scenario::LinkProperties& asked, int number) {
      resolve(direction, asked, link.mtu, longest);
      direction.seed = seed(link.name, number);
    };
    set(link.forward, link.asked[0], 0);
    set(link.backward, link.asked[1], 1);
    try {
      link.shaper = shaper::choose(link.forward, link.backward, features_, choice_);
      // A wire can do whatever is asked, and what it holds stays.
      const PlannedLink* before = find(running_ ? &running_->links : nullptr, link.name);
      const bool unshaped = link.shaper == shaper::Kind::none;
      if (before && (before->shaper == shaper::Kind::wire || unshaped)) link.shaper = before->shaper;
    } catch (const InputError& error) {
      throw InputError(asked_[l].pointer, error.line());
    }
  }

  void write_hosts_file() {
    std::string& file = plan_.hosts_file;
    file = "127.0.0.1 localhost\n";
    for (const PlannedNode& node : plan_.nodes) {
      if (node.interfaces.empty() || node.interfaces[0].prefix == 0) continue;
      // A data center's own name is its gateway's.
      const bool gateway = !node.datacenter.empty() && node.name == scenario::gateway_of(node.datacenter);
      file += fmt::format("{} {}{}\n", to_string(node.interfaces[0].address), node.name,
                          gateway ? " " + node.datacenter : "");
    }
  }

  const scenario::Scenario& scenario_;
  const shaper::KernelFeatures& features_;
  shaper::Choice choice_;
  const Plan* running_;  // or null
  Plan plan_;
  std::vector<Asked> asked_;           // by link
  std::vector<std::string> pointers_;  // by node
  std::unordered_map<std::string, std::size_t> index_;
  std::unordered_set<std::string> link_names_;
};

template <typename Item>
const Item& named(const std::vector<Item>& items, const std::string& name, const char* what) {
  const auto it = std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
  if (it != items.end()) return *it;
  std::vector<std::string> names;
  names.reserve(items.size());
  for (const Item& item : items) names.push_back(item.name);
  throw InputError(name, fmt::format("no {} has this name", what), scenario::suggestion(name, names));
}

}  // namespace

Plan make_plan(const scenario::Scenario& scenario, const shaper::KernelFeatures& features, shaper::Choice choice,
               const Plan* running) {
  return Planner(scenario, features, choice, running).make();
}

Way way_from(const PlannedLink& link, const std::string& from) {
  for (const int end : {0, 1}) {
    if (from == link.label[end] || from == link.ends[end].node) return end == 0 ? Way::forward : Way::backward;
  }
  throw InputError(link.name, fmt::format("'{}' is not at either end", from),
                   fmt::format("its ends are {} and {}", link.label[0], link.label[1]));
}

PlannedLink changed(const PlannedLink& link, Way way, const scenario::LinkPatch& patch) {
  const auto round_trip = [](const PlannedLink& each) { return each.forward.delay + each.backward.delay; };
  PlannedLink result = link;
  if (way != Way::backward) result.asked[0] = scenario::patched(link.asked[0], patch, link.name);
  if (way != Way::forward) result.asked[1] = scenario::patched(link.asked[1], patch, link.name);
  const auto mtu = [&](int direction) { return result.asked[direction].mtu.value_or(scenario::kDefaultMtu); };
  if (mtu(0) != mtu(1)) {
    throw InputError(link.name + ": mtu", fmt::format("an MTU of {} one way and of {} the other", mtu(0), mtu(1)),
                     "change it in both directions at once");
  }
  result.mtu = mtu(0);
  result.forward.delay = result.asked[0].delay.value_or(Nanoseconds{0});
  result.backward.delay = result.asked[1].delay.value_or(Nanoseconds{0});
  // The path through the link that was the longest has become so much longer or shorter.
  result.longest_round_trip += round_trip(result) - round_trip(link);
  resolve(result.forward, result.asked[0], result.mtu, result.longest_round_trip);
  resolve(result.backward, result.asked[1], result.mtu, result.longest_round_trip);
  return result;
}

bool outgrows_wire(const PlannedLink& before, const PlannedLink& after) {
  return before.shaper == shaper::Kind::wire && after.mtu > before.mtu;
}

bool at_switch(const Plan& plan, const PlannedLink& link) {
  return std::any_of(std::begin(link.ends), std::end(link.ends),
                     [&](const PlannedLink::End& end) { return is_switch(plan.node(end.node)); });
}

const PlannedNode& Plan::node(const std::string& name) const {
  return named(nodes, name, "node");
}
const PlannedLink& Plan::link(const std::string& name) const {
  return named(links, name, "link");
}

bool Plan::reaches_outside() const {
  return std::any_of(nodes.begin(), nodes.end(), [](const PlannedNode& node) {
    return node.machine.cpu || node.machine.memory || node.uplink || node.device;
  });
}

Ipv4 Plan::address_of(const std::string& name) const {
  const PlannedNode& planned = node(name);
  return planned.interfaces.empty() ? Ipv4{} : planned.interfaces[0].address;
}

}  // namespace geomx::lab

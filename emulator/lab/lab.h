#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "emulator/lab/plan.h"
#include "emulator/netlink/counters.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/cgroup.h"
#include "emulator/sandbox/child_process.h"
#include "emulator/sandbox/namespace.h"
#include "emulator/shaper/counters.h"
#include "emulator/shaper/shaper.h"
#include "emulator/shaper/tc_meter.h"
#include "emulator/shaper/wire_loop.h"

// A plan carried out: the owner of every kernel object of a lab.
namespace geomx::lab {

// Step number (from 1), number of steps, what is about to be done.
using Progress = std::function<void(int, int, const std::string&)>;

enum class NodeState { running, paused, killed };
std::string to_string(NodeState state);  // "running", "paused", "killed"

// What makes one node.
struct NodeNamespaces {
  sandbox::Namespace network;
  sandbox::Namespace uts;
  std::optional<sandbox::Namespace> mounts;  // none: it sees what the lab sees
  std::optional<sandbox::Cgroup> cgroup;     // none: no limits
};

// What a lab needs of where it is started, only while it is made.
struct Outside {
  int network = -1;                                   // what uplinks lead to, and where devices are
  std::map<std::string, sandbox::Namespace> nodes{};  // by node with a device: its network, which must outlive the lab
};

// Lives in the lab process (sandbox::spawn_init): the wire sides of links lie in the calling thread's network
// namespace. Members undo themselves in the reverse order of the plan's steps, whether the lab ends or a step of its
// making fails. Reading is safe from any thread; what changes the lab belongs to one thread, and no other may read what
// it changes meanwhile.
class Lab {
 public:
  // Throws SystemError naming the object that the kernel refused. `mark`: of what it makes outside of its process tree,
  // so that somebody else can remove it (Plan::reaches_outside). REQUIRES: `outside` is what the plan's uplinks and
  // devices need, uplinks have been chosen (uplink.h), and somebody is there who gives devices back (device.h).
  explicit Lab(Plan plan, const Progress& progress = {}, std::string mark = {}, Outside outside = {});
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab();

  const Plan& plan() const { return plan_; }
  bool has(const std::string& node) const { return index_.contains(node); }
  // By the plan's order of nodes.
  const NodeNamespaces& namespaces(std::size_t node) const { return namespaces_[node]; }
  const NodeNamespaces& namespaces(const std::string& node) const;  // InputError for an unknown name
  // Returns when every router has learned where it has to (Plan::routing). Throws WorkError naming one that has not.
  void wait_until_routed(Nanoseconds timeout) const;
  // Puts a program that is about to be started into its node: namespaces, limits and environment.
  void settle(sandbox::SpawnOptions& options) const;
  // Settings that this kernel, or an unprivileged lab, does not grant: "congestion control cubic".
  const std::vector<std::string>& refused() const { return refused_; }

  // Every link's, in the plan's order. An unshaped link's are those of its interfaces: frames, not wire packets.
  std::vector<shaper::LinkCounters> counters();
  // What the shaper says of itself, read back from the kernel where it is there; empty for an unshaped link.
  // `found`: the qdiscs of the namespace where that direction begins.
  std::string describe_shaper(std::size_t link, bool forward, const std::vector<netlink::Qdisc>& found);
  // How the wire's threads are scheduled; empty without wire links.
  std::string wire_scheduling() const;

  // Becomes another plan, made by make_plan for this running lab: removes links and nodes (and their processes), adds
  // new ones, changes links, routes and neighbours. What both plans have goes on undisturbed, but for links that need
  // another wire, for all they ask or for their MTU (rebuilt: what is on them is lost). Where something new cannot be
  // made, what has been made is undone and the lab is as before; a later failure is a WorkError that says that the lab
  // is changed in part.
  void apply(Plan next);

  // --- While traffic flows (live.cc). Names that the plan does not have are InputErrors.

  // Changes properties and sees to it that the plan says so. Nothing that is queued is lost, but where a property
  // appears or vanishes on a tc link (Shaper::change), and frames that a smaller MTU has no room for. Returns what
  // cannot be had exactly, one line each. Throws InputError where the link's shaper cannot do it, where an MTU is to
  // change at a switch, and where that of a wire is to grow; with `rebuild` the link is then made anew with the wire,
  // and what was on it is lost (at a switch an MTU is refused all the same).
  std::vector<std::string> change_link(const std::string& link, Way way, const scenario::LinkPatch& patch,
                                       bool rebuild = false);
  // Down: nothing is let in any more, and the nodes' interfaces are no longer running (a switch's ports apart); what is
  // queued or on its way still arrives.
  void set_link_up(const std::string& link, bool up);
  bool link_up(std::size_t link) const { return !cut_[link]; }
  // What its shaper is to do: as planned, but down where the link is or where one of its nodes is killed.
  shaper::Direction in_force(std::size_t link, bool forward) const;

  // What happens to the machine that a node stands for. kill: all its processes get SIGKILL and its interfaces go down;
  // its peers hear nothing of it any more. restart: kills it where it is not killed yet, then its interfaces, routes
  // and neighbours are as planned again; starting its programs is the caller's business. pause and resume: SIGSTOP and
  // SIGCONT to all its processes. Each does nothing where the node is in that state already; a killed node can only be
  // restarted (InputError). Throws WorkError where processes are left after 10 s.
  void kill_node(const std::string& node);
  void restart_node(const std::string& node);
  void pause_node(const std::string& node);
  void resume_node(const std::string& node);
  NodeState node_state(std::size_t node) const { return states_[node]; }
  // InputError, saying what to do, where the node is paused or killed.
  void require_running(const std::string& node) const;

 private:
  void make_namespaces(Outside& outside);
  void make_links();
  void make_uplinks(int outside);  // uplink.cc
  void take_devices(int outside);  // device.cc
  void configure_nodes();
  void shape_links();
  using NodeIndex = std::map<std::string, std::size_t>;
  NodeNamespaces namespaces_for(const Plan& plan, const PlannedNode& node, Outside& outside);
  static netlink::Message bridge_in(const sandbox::Namespace& network, int mtu);
  netlink::Batch pairs_of(const Plan& plan, const NodeIndex& index, std::size_t link, unsigned wire) const;
  struct Update;
  void make_new(Update& update);
  void undo_new(const Update& update);
  void take_over(Update& update);
  void configure_changed(const Update& update);
  int wire_links() const;
  void make_shaper(std::size_t link);
  void drop_link(std::size_t link);
  void rebuild_link(std::size_t link, const PlannedLink& wanted);
  void attach_tc(std::size_t link);
  void refresh(std::size_t link);
  void set_mtu(std::size_t link);
  void set_interfaces_up(std::size_t node, bool up);
  std::size_t index_of_link(const std::string& name) const;
  std::size_t index_of_node(const std::string& name) const;
  // The node in whose namespace an unshaped link is counted: its switch, where all others' are counted too.
  std::size_t vantage(const PlannedLink& link) const;
  netlink::CounterReader& reader(std::size_t node);

  Plan plan_;
  std::string mark_;
  NodeIndex index_;  // of nodes
  std::vector<std::string> refused_;
  std::vector<NodeNamespaces> namespaces_;
  std::vector<NodeState> states_;  // by node
  std::vector<bool> cut_;          // by link: taken down by itself
  std::vector<unsigned> wires_;    // by link: the number in the names of its wire sides, never used twice
  unsigned next_wire_ = 0;
  std::unique_ptr<shaper::WireLoop> loop_;  // both outlive the shapers
  std::unique_ptr<shaper::TcMeter> meter_;
  std::vector<std::unique_ptr<shaper::Shaper>> shapers_;   // by link; null for unshaped ones
  std::map<std::size_t, netlink::CounterReader> readers_;  // by node, once its counters have been asked for
  std::mutex reading_;                                     // guards readers_ and the shapers' counters
};

// The interface index of "eth7", fixed so that nothing has to be read back while building. Well above those of devices
// that a kernel puts into every new namespace (lo, tunl0, sit0, ...).
int interface_index(const PlannedInterface& interface);
// The i of a node's interface; its number of interfaces where it has none of that name.
std::size_t interface_number(const PlannedNode& node, const std::string& name);
// The wire side of a link's end, in the lab's own namespace.
std::string wire_side(unsigned wire, int end);
// Of a switch: that of any of its links, which all have the same.
int mtu_of(const Plan& plan, const PlannedNode& node);
inline constexpr int bridge_index = 99;
inline constexpr const char* bridge_name = "br0";

}  // namespace geomx::lab

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
#include "emulator/sandbox/namespace.h"
#include "emulator/shaper/counters.h"
#include "emulator/shaper/shaper.h"
#include "emulator/shaper/tc_meter.h"
#include "emulator/shaper/wire_loop.h"

// A plan carried out: the owner of every kernel object of a lab.
namespace geomx::lab {

// Step number (from 1), number of steps, what is about to be done.
using Progress = std::function<void(int, int, const std::string&)>;

// One node's namespaces.
struct NodeNamespaces {
  sandbox::Namespace network;
  sandbox::Namespace uts;
};

// Lives in the lab process (sandbox::spawn_init): the wire sides of links lie in the calling thread's network
// namespace. Members undo themselves in the reverse order of the plan's steps, whether the lab ends or a step of its
// making fails. Thread-safe except for construction and destruction.
class Lab {
 public:
  // Throws SystemError naming the object that the kernel refused.
  explicit Lab(Plan plan, const Progress& progress = {});
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab();

  const Plan& plan() const { return plan_; }
  // By the plan's order of nodes.
  const NodeNamespaces& namespaces(std::size_t node) const { return namespaces_[node]; }
  const NodeNamespaces& namespaces(const std::string& node) const;  // InputError for an unknown name
  // Settings that this kernel, or an unprivileged lab, does not grant: "congestion control cubic".
  const std::vector<std::string>& refused() const { return refused_; }

  // Every link's, in the plan's order. An unshaped link's are those of its interfaces: frames, not wire packets.
  std::vector<shaper::LinkCounters> counters();
  // What the shaper says of itself, read back from the kernel where it is there; empty for an unshaped link.
  std::string describe_shaper(std::size_t link, bool forward);
  // How the wire's threads are scheduled; empty without wire links.
  std::string wire_scheduling() const;

 private:
  void make_namespaces();
  void make_links();
  void configure_nodes();
  void shape_links();
  // The node in whose namespace an unshaped link is counted: its switch, where all others' are counted too.
  std::size_t vantage(const PlannedLink& link) const;

  Plan plan_;
  std::map<std::string, std::size_t> index_;  // of nodes
  std::vector<std::string> refused_;
  std::vector<NodeNamespaces> namespaces_;
  std::unique_ptr<shaper::WireLoop> loop_;  // both outlive the shapers
  std::unique_ptr<shaper::TcMeter> meter_;
  std::vector<std::unique_ptr<shaper::Shaper>> shapers_;   // by link; null for unshaped ones
  std::map<std::size_t, netlink::CounterReader> readers_;  // by vantage node
  std::mutex reading_;                                     // guards readers_ and the shapers' counters
};

// The interface index of a node's i-th interface, fixed so that nothing has to be read back while building. Well above
// those of devices that a kernel puts into every new namespace (lo, tunl0, sit0, ...).
constexpr int interface_index(std::size_t i) {
  return 100 + static_cast<int>(i);
}
// The i of a node's interface; its number of interfaces where it has none of that name.
std::size_t interface_number(const PlannedNode& node, const std::string& name);
inline constexpr int bridge_index = 99;
inline constexpr const char* bridge_name = "br0";

}  // namespace geomx::lab

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "emulator/netlink/qdisc.h"
#include "emulator/shaper/counters.h"
#include "emulator/shaper/direction.h"

// One shaper per link, whichever of the two kinds does the work. Destroying it takes the shaping off (tc) or cuts the
// link (wire: without the process between them the two veth pairs are not joined).
namespace geomx::shaper {

class TcReading;  // tc_reading.h

class Shaper {
 public:
  Shaper() = default;
  Shaper(const Shaper&) = delete;
  Shaper& operator=(const Shaper&) = delete;
  virtual ~Shaper() = default;

  virtual Kind kind() const = 0;
  // Changes both directions while traffic flows. What is queued is kept (a queue that shrank drops nothing that it
  // holds), but for tc where a property appears or vanishes: then other qdiscs take over and what waited is lost.
  // Totals go on. A direction that goes down drops what comes from then on and still delivers what it holds. Throws
  // InputError where this kind of shaper cannot do it (features.h), SystemError where the kernel refuses. Not
  // thread-safe against itself.
  virtual void change(const Direction& forward, const Direction& backward) = 0;
  // Callable from any one thread at a time, while traffic flows.
  virtual LinkCounters counters() const = 0;
  // The same, for many links at once, from what has been read, since the last change, of the namespaces of a link's two
  // ends (tc; the wire has counters of its own).
  virtual LinkCounters counters(const TcReading& first, const TcReading& second) const = 0;
  // For people, what does the work in either direction: "tbf rate 100Mbit burst 16KiB limit 625KB", read back from the
  // kernel where the kernel holds it; "wire rate 100Mbit delay 30ms queue 500packets". `found`: the qdiscs of the
  // namespace that this direction leaves from.
  virtual std::string describe(bool forward, const std::vector<netlink::Qdisc>& found) const = 0;
};

// tc: one veth pair joins the two nodes; a qdisc at each end's egress, inside that node's network namespace.
struct TcEnd {
  int netns_fd =
      -1;  // the node's network namespace, used during the call only (the shaper duplicates it); -1: the caller's
  std::string interface;  // the node's end of the pair: "eth0"
};

class TcMeter;  // tc_meter.h: the thread that measures the rates

// Forward is a -> b: the qdisc at a's egress. The meter must outlive the shaper. Throws SystemError naming the
// interface and the qdisc.
std::unique_ptr<Shaper> shape_by_tc(TcMeter& meter, const TcEnd& a, const TcEnd& b, const Direction& forward,
                                    const Direction& backward);

class WireLoop;  // wire_loop.h: the threads that move the packets

// wire: a veth pair per end. Its node side is in the node's namespace; its wire side is in the calling thread's network
// namespace, up, with the node side's MTU, without addresses and with IPv6 off. The two wire sides meet in `loop`.
struct WireEnd {
  std::string interface;       // the wire side
  int node_netns_fd = -1;      // the node's network namespace, used during the call only
  std::string node_interface;  // the node side: "eth0"; its offloads are set to what a packet socket can carry
  // The node sends on what it is sent (a router, a switch), by interfaces that take no longer super-frames than usual.
  bool forwards = false;
};

// The loop must outlive the shaper. Throws SystemError naming the interface.
std::unique_ptr<Shaper> shape_by_wire(WireLoop& loop, const WireEnd& a, const WireEnd& b, const Direction& forward,
                                      const Direction& backward);

}  // namespace geomx::shaper

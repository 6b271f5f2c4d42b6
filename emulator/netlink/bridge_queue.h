#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>

// Frames that cross a bridge wait for a program's verdict: the rules (nf_tables and the kernel's bridge netfilter) that
// put what comes in by a port into that port's packet queue (packet_queue.h).
namespace geomx::netlink {

class NetfilterSocket;

// The rules of one network namespace: that of the thread that makes them. They apply to the ports that were added and,
// by port, let pass only plain IPv4 frames; all else that comes by them ends there. Of bridges of this namespace
// nothing gets to this machine's own stack or comes from it.
//
// While they are there, nothing else in the namespace may add or remove chains of the same hooks: the kernel drops
// whatever waits in any queue when one is removed. Thread-safe; each call waits for the kernel at most 10 s. All
// members but the destructor throw SystemError.
class BridgeQueues {
 public:
  // Throws where the kernel lacks any part (nf_tables for bridges, bridge netfilter, NFQUEUE), and where the namespace
  // has such rules already.
  BridgeQueues();
  ~BridgeQueues();  // what still waits is dropped
  BridgeQueues(const BridgeQueues&) = delete;
  BridgeQueues& operator=(const BridgeQueues&) = delete;

  // Two ports of one bridge, by their indices: frames that come in by them wait in queues of these numbers from now on,
  // and are dropped while nobody listens there.
  std::array<std::uint16_t, 2> add(const std::array<int, 2>& ports);
  // Drops what comes in by these ports; what already waits still leaves. Or takes it up again.
  void close(const std::array<int, 2>& ports);
  void open(const std::array<int, 2>& ports, const std::array<std::uint16_t, 2>& queues);
  // The numbers may be used again.
  void remove(const std::array<int, 2>& ports, const std::array<std::uint16_t, 2>& queues);

  // Frames since the port was added; super-frames count once.
  struct Totals {
    std::uint64_t entered = 0;  // that came in by the port while it was open
    std::uint64_t queued = 0;   // that came to its queue; the bridge had nobody to give the others to
  };
  Totals totals(int port, std::uint16_t queue);

 private:
  void make_tables(bool native);

  std::mutex mutex_;
  std::unique_ptr<NetfilterSocket> socket_;
  bool native_ = false;  // the rule is nf_tables' own, not iptables' NFQUEUE within it
  std::set<std::uint16_t> numbers_;
};

}  // namespace geomx::netlink

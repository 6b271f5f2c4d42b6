#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/fd.h"

struct mnl_socket;

namespace geomx::netlink {

// Since the interface was made; a veth end's tx is its peer's rx unless dropped between.
struct LinkCounters {
  int link_index = 0;
  std::uint64_t rx_packets = 0, rx_bytes = 0, rx_dropped = 0;  // packets here are skbs: a GSO super-frame counts as one
  std::uint64_t tx_packets = 0, tx_bytes = 0, tx_dropped = 0;  // bytes are Ethernet frames without checksum
};

struct QdiscCounters {
  int link_index = 0;
  std::uint32_t handle = 0;
  std::uint32_t parent = 0;
  std::string kind{};
  std::uint64_t bytes = 0, packets = 0;  // sent; packets are wire packets, bytes include each one's header
  std::uint32_t drops = 0, overlimits = 0, requeues = 0;
  std::uint32_t backlog = 0;  // bytes waiting now
  std::uint32_t qlen = 0;     // packets waiting now
};

// Reads the counters of one namespace: of every interface or qdisc in one dump, or of one interface or qdisc, at a cost
// that does not grow with the number of others: a sampler's inner loop. Belongs for life to the namespace that was the
// calling thread's when it was made. Move-only; one thread at a time. Throws SystemError; every wait for the kernel
// ends after 5 s with ETIMEDOUT.
class CounterReader {
 public:
  CounterReader();
  CounterReader(CounterReader&& other) noexcept;
  CounterReader& operator=(CounterReader&& other) noexcept;
  CounterReader(const CounterReader&) = delete;
  CounterReader& operator=(const CounterReader&) = delete;
  ~CounterReader();

  std::vector<LinkCounters> links();
  std::vector<QdiscCounters> qdiscs();
  std::optional<LinkCounters> link(int index);                               // nullopt: there is none
  std::optional<QdiscCounters> qdisc(int link_index, std::uint32_t handle);  // likewise

 private:
  mnl_socket* socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace geomx::netlink

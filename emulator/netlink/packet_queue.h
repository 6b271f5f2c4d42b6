#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "emulator/base/fd.h"
#include "emulator/base/units.h"

// A packet queue of the kernel's (nfnetlink_queue): packets wait in it, where they are, until this program says what is
// to become of each. Of a packet it reads the headers alone.
namespace geomx::netlink {

struct QueuedPacket {
  std::uint32_t id = 0;              // counts up from 1 in the order in which the packets came
  std::uint32_t length = 0;          // from the network header on
  bool super_frame = false;          // the kernel will segment it; into what, it does not say
  Nanoseconds stamp{0};              // when it came in, by the wall clock, in whole microseconds; 0: unknown
  std::span<const std::byte> start;  // of the packet, from the network header on: at most kQueuedBytes
};
inline constexpr std::uint32_t kQueuedBytes = 84;  // IPv4 and TCP headers but for some of the options

// One message of the kernel's to such a queue's owner; nullopt where it is no packet or not whole. Pure.
std::optional<QueuedPacket> parse_queued_packet(std::span<const std::byte> message);

// For the thread that reads and judges the packets. Throws SystemError.
class PacketQueue {
 public:
  // Of the calling thread's network namespace. EPERM or EBUSY where another has it.
  PacketQueue(std::uint16_t number, std::uint32_t most_packets);

  int fd() const { return fd_.get(); }
  std::uint16_t number() const { return number_; }

  // Hands over up to a batch of packets, whose bytes are valid during the call; never blocks. True where more may wait.
  bool receive(const std::function<void(const QueuedPacket&)>& sink);

  // All that wait with this number or a lower one go on. False where the kernel has no room for that to be said now.
  bool accept_up_to(std::uint32_t id) const;
  // Returns how many of them it could be told of.
  std::size_t drop(std::span<const std::uint32_t> ids) const;

  // The number of the last packet that has been read, and how many up to there have not: for whose headers the socket's
  // buffer had no room, and which the kernel has dropped. Of any thread.
  std::uint64_t last() const { return last_.load(std::memory_order_relaxed); }
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  void configure(int attribute, const void* data, std::size_t size, const char* attempt) const;

  std::uint16_t number_;
  FileDescriptor fd_;
  std::atomic<std::uint64_t> last_{0};  // without end, where the kernel's numbers are of 32 bits
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace geomx::netlink

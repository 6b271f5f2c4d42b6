#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "emulator/netlink/packet_queue.h"
#include "emulator/shaper/frame.h"
#include "emulator/shaper/twins.h"

// Frames of one direction of a wire that stay in the kernel while the wire decides when, and whether, each leaves.
namespace geomx::shaper {

// What a packet that waits in a queue amounts to on the wire. Of a TCP super-frame the kernel does not say how long its
// segments are, so that is derived: a sender fills them as far as `mtu` lets it, which only one that was told of a
// shorter path does not. Pure.
FrameShape shape_of(const netlink::QueuedPacket& packet, int mtu);

// For the thread that moves the frames. Frames of a queue must not outlive it. Throws SystemError.
class FrameQueue final : private FrameMemory {
 public:
  // Of the calling thread's network namespace.
  explicit FrameQueue(std::uint16_t number);
  FrameQueue(const FrameQueue&) = delete;
  FrameQueue& operator=(const FrameQueue&) = delete;

  int fd() const { return queue_.fd(); }

  struct Arrival {
    Frame frame;           // dropped by the kernel where it is destroyed without accept(), at the next flush()
    Nanoseconds stamp{0};  // by the wall clock
    Likeness likeness;
  };
  using Sink = std::function<void(Arrival)>;
  // Hands over up to a batch of frames; never blocks. True where more may wait.
  bool receive(int mtu, const Sink& sink);

  // Lets them go on. REQUIRES: frames of this queue in the order in which they came, and none that came before them and
  // has neither been accepted nor destroyed. False where the kernel has no room for that to be said now.
  bool accept(std::span<Frame> frames);
  bool flush();

  // Of any thread: as netlink::PacketQueue has them.
  std::uint64_t last() const { return queue_.last(); }
  std::uint64_t lost() const { return queue_.lost(); }

 private:
  void take_back(std::byte* data) noexcept override;

  netlink::PacketQueue queue_;
  std::vector<std::uint32_t> dropped_;  // that the kernel has not been told of
};

}  // namespace geomx::shaper

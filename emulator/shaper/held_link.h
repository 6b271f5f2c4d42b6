#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "emulator/netlink/bridge_queue.h"
#include "emulator/netlink/socket.h"
#include "emulator/shaper/frame_queue.h"

// Joins the two wire sides of a link by a bridge on which every plain IPv4 frame waits in its direction's queue, so
// that none of its bytes is copied: the wire only says when it goes on. All else ends at the bridge, and is the packet
// sockets' as ever.
namespace geomx::shaper {

// The longest super-frame of IPv4 that the interfaces of such a link take, in bytes with its headers; packet sockets
// have no room for it. Nothing is faster with longer ones.
inline constexpr std::uint32_t kLongSuperFrame = 3 * 65536;

class HeldLink {
 public:
  // The interfaces lie in the calling thread's network namespace, as do those rules. Throws SystemError where the
  // kernel cannot do it, and leaves the interfaces as they were.
  HeldLink(std::shared_ptr<netlink::BridgeQueues> rules, const std::array<std::string, 2>& interfaces,
           const std::array<int, 2>& indices);
  ~HeldLink();  // the interfaces are apart again
  HeldLink(const HeldLink&) = delete;
  HeldLink& operator=(const HeldLink&) = delete;

  // Of the frames that come in by that interface.
  FrameQueue& queue(std::size_t end) { return *queues_[end]; }

  // From now on all frames that come in end at the bridge; those that wait still leave. Or they wait again.
  void close() { rules_->close(ports_); }
  void open() { rules_->open(ports_, numbers_); }

  struct Losses {
    std::uint64_t overruns = 0;     // no room was left in the buffer of the queue's reader
    std::uint64_t undelivered = 0;  // the bridge had nobody to give them to: the other interface's other end was down
  };
  // Of frames that came in by that interface since the link was made; a super-frame is one. One thread at a time. Where
  // some seem to be lost, it waits for those in flight.
  Losses losses(std::size_t end);

 private:
  void release();

  std::shared_ptr<netlink::BridgeQueues> rules_;
  std::array<int, 2> ports_;
  std::string bridge_;
  netlink::Socket socket_;
  std::array<std::uint16_t, 2> numbers_;
  std::array<std::unique_ptr<FrameQueue>, 2> queues_;
  std::array<std::uint64_t, 2> undelivered_{};
};

// Returns when all CPUs are done with the frames that they have in hand now, after some 10 ms. Of any thread, which
// must be permitted to open packet sockets. Throws SystemError.
void await_frames_in_flight();

}  // namespace geomx::shaper

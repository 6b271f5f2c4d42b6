#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "emulator/base/fd.h"
#include "emulator/base/units.h"
#include "emulator/shaper/frame.h"
#include "emulator/shaper/statistics.h"

// A packet socket on one interface: reads every frame that comes out of it and writes frames into it, both as the
// kernel holds them inside (super-frames, checksums to be completed).
namespace geomx::shaper {

// Takes a frame and the time at which the kernel saw it, by the wall clock (CLOCK_REALTIME).
using FrameSink = std::function<void(Frame, Nanoseconds)>;

// Reads what has arrived into frames. Two ways: the socket's receive queue, or a ring shared with the kernel.
class FrameReader {
 public:
  FrameReader() = default;
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;
  virtual ~FrameReader() = default;
  // Hands over up to a batch of frames; never blocks. True where more may wait.
  virtual bool receive(const FrameSink& sink) = 0;
  // Frames that came but could not be carried: longer than the buffer, or of a kind that VnetHeader cannot say.
  const Counter& unusable() const { return unusable_; }

 protected:
  Counter unusable_;
};

enum class SendResult {
  sent,     // all of them
  later,    // the kernel has no room now: try the rest again
  refused,  // the kernel will not take the first of the rest
};

class PacketSocket {
 public:
  // In the calling thread's network namespace. Throws SystemError naming the interface, as all members do.
  explicit PacketSocket(const std::string& interface);

  // Frames are seen from now on; receive buffers must be in place.
  void start() const;

  const std::string& interface() const { return interface_; }
  int fd() const { return fd_.get(); }

  // Sends frames in order and takes those off the front of the span that were sent.
  SendResult send(std::span<const Frame>& frames) const;

  // Leaves plain IPv4 frames, those without a VLAN tag, to others; or takes them again. At once, but for frames that
  // are being looked at meanwhile.
  void leave_ipv4(bool leave) const;

  // Whether the interface's other end is up.
  bool has_carrier() const;
  // The same as the kernel has acted on it, which is quicker to ask for.
  bool is_running() const;
  int mtu() const;  // Ethernet's, where the interface is gone

  // Frames that the kernel dropped for want of room since the last call.
  std::uint64_t take_drops() const;

  // Asks for a receive queue of that size beyond the machine's limit; false where that is not permitted.
  bool force_receive_buffer(Bytes size) const;

 private:
  std::string interface_;
  FileDescriptor fd_;
};

// Whether such a frame, read from a packet socket, is one that leave_ipv4 is about (a VLAN tag can no longer be seen).
bool is_ipv4(const Frame& frame);

// CLOCK_MONOTONIC minus CLOCK_REALTIME: the kernel stamps packets with the latter, which may be set at any time.
Nanoseconds monotonic_offset();

}  // namespace geomx::shaper

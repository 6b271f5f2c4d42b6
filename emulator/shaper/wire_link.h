#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "emulator/shaper/engine.h"
#include "emulator/shaper/frame_reader.h"
#include "emulator/shaper/packet_socket.h"
#include "emulator/shaper/shaper.h"

namespace geomx::shaper {

Time monotonic_now();

// A wire between two interfaces: a packet socket at either end and an engine per direction.
// Made by any thread; then receive, deliver and change belong to the thread that moves its packets, while counters may
// be read from another.
class WireLink {
 public:
  // `ring`: read through a ring even where a deep receive queue is permitted.
  WireLink(const WireEnd& a, const WireEnd& b, const Direction& forward, const Direction& backward, bool ring);

  int fd(int end) const { return sides_[static_cast<std::size_t>(end)].socket.fd(); }
  // Reads a batch of what has arrived at that end.
  void receive(int end);
  // Sends all that is due and returns when something will be due next.
  Time deliver();
  void change(const Direction& forward, const Direction& backward);

  LinkCounters counters() const;

 private:
  // One end, with the direction that begins there.
  struct Side {
    Side(const WireEnd& end, const Direction& direction, bool ring);
    PacketSocket socket;
    std::unique_ptr<FrameReader> reader;
    Engine engine;
    std::vector<Frame> outbox;        // due, but the other end's socket has not taken them yet
    std::span<const Frame> unsent;    // the rest of it
    Time stalled_since = kNever;      // when that socket began to have no room
    mutable std::uint64_t drops = 0;  // of the socket, as far as read
  };

  Time deliver(Side& from, const PacketSocket& to);
  static DirectionCounters count(const Side& side);

  std::array<Side, 2> sides_;
};

}  // namespace geomx::shaper

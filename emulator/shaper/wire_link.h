#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "emulator/netlink/counters.h"
#include "emulator/shaper/engine.h"
#include "emulator/shaper/frame_reader.h"
#include "emulator/shaper/packet_socket.h"
#include "emulator/shaper/shaper.h"
#include "emulator/shaper/wire_loop.h"

namespace geomx::shaper {

Time monotonic_now();

// A wire between two interfaces: a packet socket at either end and an engine per direction.
// Made by any thread; then receive, deliver and change belong to the thread that moves its packets, while counters may
// be read from another.
class WireLink {
 public:
  WireLink(const WireEnd& a, const WireEnd& b, const Direction& forward, const Direction& backward,
           const WireLoopOptions& options);

  int fd(int end) const { return sides_[static_cast<std::size_t>(end)].socket.fd(); }
  // Reads a batch of what has arrived at that end.
  void receive(int end);
  // Sends all that is due and returns when something will be due next. `looked`: when it was last seen which ends have
  // frames; those have been asked for them since.
  Time deliver(Time looked);
  void change(const Direction& forward, const Direction& backward);

  LinkCounters counters() const;

 private:
  // One end, with the direction that begins there.
  struct Side {
    Side(const WireEnd& end, const Direction& direction, const WireLoopOptions& options);
    PacketSocket socket;
    std::unique_ptr<FrameReader> reader;
    Engine engine;
    Time more_since = Time::min();    // when the reader last left frames behind, if it did when it was last asked
    std::vector<Frame> outbox;        // due, but the other end's socket has not taken them yet
    std::vector<Nanoseconds> delays;  // of each of them
    std::span<const Frame> unsent;    // the rest of it
    Time stalled_since = kNever;      // when that socket began to have no room
    bool cut = false;                 // its interface had no carrier when last asked
    Time asked_for_carrier = kNever;  // never yet
    Counter written;                  // frames that this end's socket took from the other direction
    int interface = 0;                // its index
    netlink::LinkCounters before;     // the interface's counters when the link was made
    mutable std::uint64_t drops = 0;  // of the socket, as far as read
  };

  static Time deliver(Side& from, Side& to, Time looked);
  static bool is_cut(Side& from, const PacketSocket& to, Time now);
  DirectionCounters count(const Side& from, const Side& to) const;

  mutable netlink::CounterReader reader_;
  std::array<Side, 2> sides_;
};

}  // namespace geomx::shaper

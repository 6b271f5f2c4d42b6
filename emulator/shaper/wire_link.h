#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "emulator/base/fd.h"
#include "emulator/netlink/counters.h"
#include "emulator/shaper/engine.h"
#include "emulator/shaper/frame_reader.h"
#include "emulator/shaper/held_link.h"
#include "emulator/shaper/packet_socket.h"
#include "emulator/shaper/shaper.h"
#include "emulator/shaper/twins.h"
#include "emulator/shaper/wire_loop.h"

namespace geomx::shaper {

Time monotonic_now();

// A wire between two interfaces: an engine per direction, and at either end a packet socket that reads frames and
// writes them. A link that does nothing but delay leaves its IPv4 frames in the kernel (held_link.h), which copies none
// of their bytes.
//
// Made by any thread; then receive, deliver and change belong to the thread that moves its packets, while counters may
// be read from another.
class WireLink {
 public:
  // `rules`: null where frames cannot stay in the kernel.
  WireLink(const WireEnd& a, const WireEnd& b, const Direction& forward, const Direction& backward,
           const WireLoopOptions& options, std::shared_ptr<netlink::BridgeQueues> rules);

  // What says when there is something to receive: the sockets of the two ends, then their queues if they have any.
  std::vector<int> sources() const;
  // Reads a batch of what has arrived from that source.
  void receive(std::size_t source);
  // Sends all that is due and returns when something will be due next. `looked`: when it was last seen which sources
  // have frames; those have been asked for them since.
  Time deliver(Time looked);
  // Of a link that holds frames: to directions that are clear.
  void change(const Direction& forward, const Direction& backward);

  // How IPv4 frames come in. A link of the first kind holds frames; it goes over to its sockets, and back, while
  // traffic flows, and each frame counts once (wire_ways.cc). The steps, in their order; those of the second column
  // may wait for the kernel, and are of any thread but the one that moves packets:
  //
  //                                                   let_super_frames_grow(false)
  //   held -> sockets: begin_leaving                  await_frames_in_flight
  //                    finish_leaving, change         close_bridge
  //
  //   sockets -> held: change, begin_returning        open_bridge
  //                    hold                           await_frames_in_flight
  //                    finish_returning               let_super_frames_grow(true)
  enum class Way { sockets, leaving, returning, held };
  Way way() const { return way_.load(); }
  bool can_hold() const { return held_ != nullptr; }
  void begin_leaving();
  void finish_leaving();
  void begin_returning();
  void hold();
  void finish_returning();
  void stay_with_sockets();  // in place of any step to return that failed
  void let_super_frames_grow(bool grow) const;
  void close_bridge();
  void open_bridge();

  LinkCounters counters() const;

 private:
  // One end, with the direction that begins there.
  struct Side {
    Side(const WireEnd& end, const Direction& direction, const WireLoopOptions& options);
    PacketSocket socket;
    std::unique_ptr<FrameReader> reader;
    Engine engine;
    Time more_since = Time::min();    // when the reader last left frames behind, if it did when it was last asked
    std::vector<Frame> outbox;        // due, but the other end has not taken them yet
    std::vector<Nanoseconds> delays;  // of each of them
    std::span<Frame> unsent;          // the rest of it
    Time stalled_since = kNever;      // when that end's socket began to have no room
    bool cut = false;                 // its interface had no carrier when last asked
    Time asked_for_carrier = kNever;  // never yet
    Counter written;                  // frames that this end took from the other direction
    int interface = 0;                // its index
    netlink::LinkCounters before;     // the interface's counters when the link was made

    // As far as read:
    mutable std::uint64_t drops = 0;        // of the socket
    mutable std::uint64_t missing = 0;      // frames that this end took and that have not left it
    mutable std::uint64_t missing_cut = 0;  // those of them that were noticed while its other end was down

    // Of a link that can hold frames:
    FileDescriptor node_network;
    std::string node_interface;
    std::uint32_t longest_read = 0;  // super-frame that the reader takes, from the network header on
    Sightings seen;                  // frames that were taken one way and that the other has not shown yet
    Doubtful doubtful;               // frames that the socket has shown and the queue has not
    Counter forgiven;                // unusable to the reader, but the queue had them
    std::uint64_t unusable_before = 0;
  };

  void receive_from_socket(Side& side);
  bool receive_from_queue(std::size_t end);
  void return_from_queue(std::size_t end);
  bool is_for_engine(Side& side, Frame& frame, Nanoseconds stamp);
  static void push(Side& side, Frame frame, Nanoseconds stamp, Nanoseconds offset, Time now);
  Time deliver(std::size_t end, Time looked);
  SendResult send(std::size_t end);
  static bool is_cut(Side& from, const PacketSocket& to, Time now);
  DirectionCounters count(std::size_t end) const;
  void note_missing(const Side& to, std::uint64_t missing) const;

  mutable netlink::CounterReader reader_;
  std::unique_ptr<HeldLink> held_;  // outlives the frames in the engines
  std::array<Side, 2> sides_;
  std::atomic<Way> way_{Way::sockets};
  bool frames_end_here_;  // neither node sends on what it is sent
};

}  // namespace geomx::shaper

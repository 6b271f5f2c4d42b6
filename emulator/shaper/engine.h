#pragma once

#include <deque>
#include <optional>

#include "emulator/base/units.h"
#include "emulator/shaper/bottleneck.h"
#include "emulator/shaper/codel.h"
#include "emulator/shaper/delay_line.h"
#include "emulator/shaper/direction.h"
#include "emulator/shaper/fates.h"
#include "emulator/shaper/frame.h"
#include "emulator/shaper/statistics.h"

// One direction of a wire: queue -> rate -> what chance does -> delay line. Pure: frames and a clock in, frames and
// counters out; it never looks at a clock or a socket. Times count from any fixed origin, in nanoseconds.
//
// Without a rate there is no queue: frames go straight to chance and the delay line. Super-frames are kept whole as
// far as nothing on the wire could tell: the queue's bound and discipline, the rate and chance act on their segments,
// and what is split leaves as the longest runs of segments that left together.
//
// Held frames (frame.h) may be pushed while the direction is clear(), and are kept whole whatever it changes to.
//
// Frames leave in the order in which they came, unless the direction asks for another. Not thread-safe, but for
// statistics(), which may be read from any thread.
namespace geomx::shaper {

// What the delay line of one direction may hold, in memory: 100 ms of 20 Gbit. More is lost to this machine.
inline constexpr Bytes kMostTravelling{256 << 20};

class Engine {
 public:
  // A direction without a seed gets one from std::random_device. A trace begins at `origin`.
  explicit Engine(const Direction& direction, Time origin = Time(0));

  // What waits or travels is kept: the frame on the wire ends at its old rate (from a trace, at the new one if that is
  // sooner), frames in the delay line keep their release, a queue that is now too long drops nothing that it holds.
  // Packet indices (see Direction::seed) go on. Another trace begins now.
  void change(const Direction& direction, Time now);
  const Direction& direction() const { return direction_; }

  // A frame has arrived. `arrival` must not be later than the clock; one earlier than a former arrival is taken as
  // that.
  void push(Frame frame, Time arrival);

  // When pop() will have something to give, once enough is known; kNever while the engine is empty. May be early, never
  // late.
  Time next_release() const;

  // A frame that leaves, and how long after the end of its serialisation.
  struct Departure {
    Frame frame;
    Nanoseconds delay{0};
  };
  // The next frame that is due to leave at or before `now`, counted as delivered now; nothing: nullopt. `known`:
  // nothing that arrived up to then is still to be pushed. The link's clock stops there: were it to run ahead of frames
  // that arrived in time and were read late, these would find an empty queue.
  std::optional<Departure> pop(Time now, Time known);
  std::optional<Departure> pop(Time now) { return pop(now, now); }

  enum class Fate {
    overrun,      // this machine lost it
    undelivered,  // nobody listens at the other end
  };
  // A frame that was popped with that delay could not be handed on: it counts as that and no longer as delivered.
  void take_back(const Frame& frame, Nanoseconds delay, Fate fate);

  Time last_arrival() const { return last_arrival_; }
  const DirectionStatistics& statistics() const { return statistics_; }
  DirectionStatistics& statistics() { return statistics_; }

 private:
  // Segments [first, end) of a frame, waiting for the rate. `index` here and below: of the frame's first segment among
  // the IP packets of this direction.
  struct Waiting {
    Frame frame;
    std::uint64_t index = 0;
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    Time arrival{0};
  };
  struct Serving {
    Frame frame;
    std::uint64_t index = 0;
    Time finish{0};
    bool waited = false;  // its serialisation began when another's ended: the rate was what it waited for
  };
  struct Run {  // of segments that leave together
    std::uint64_t index = 0;
    Time finish{0};
    bool waited = false;
  };

  // Jitter reorders.
  bool free_order() const { return !direction_.keeps_order && direction_.jitter.count() > 0; }
  void advance(Time now);
  void serve_next(Time start, bool waited);
  bool manage(Time now);
  std::uint32_t piece_of(const Waiting& head) const;
  void leave(Frame frame, std::uint64_t index, Time finish, bool waited);
  void travel(Frame frame, const Run& run, const PacketFate& fate);
  void depart(Frame frame, const Run& run, Time release, bool ordered);
  bool overruns(const Frame& frame);
  std::uint32_t room_for(const Frame& frame, Time now) const;
  void update_backlog() { statistics_.backlog_bytes.set(waiting_bytes_); }

  Direction direction_;
  Bottleneck bottleneck_;
  Fates fates_;
  std::optional<Codel> codel_;
  DirectionStatistics statistics_;

  std::deque<Waiting> queue_;
  std::uint64_t waiting_packets_ = 0;
  std::uint64_t waiting_bytes_ = 0;
  std::optional<Serving> serving_;
  DelayLine line_;

  Time last_arrival_ = Time::min();
  Time free_at_ = Time::min();       // the end of the last serialisation that has begun
  Time last_release_ = Time::min();  // of the frames that keep their order, now or after a change
  std::uint64_t next_index_ = 0;     // of the IP packets, as they arrive

  // The measured rate: the time between departures of packets that were serialised back to back.
  bool anchored_ = false;
  std::uint64_t lost_since_anchor_ = 0;  // bytes that the rate let through and that leave at no time that says so
  Time last_departure_{0};
  Time last_finish_{0};
};

}  // namespace geomx::shaper

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "ps/worker/road_clock.h"

namespace geomx::ps {

// What a server's round was spent on: its workers' pushes were awaited; then, with servers above, its own push was on
// its way, their answer was awaited, and that was on its way and handed down. A server without any, or in a round that
// stays in the party, computes. In seconds; one after the other.
struct ServerRound {
  std::uint64_t round = 0;
  double gather = 0;
  double compute = 0;
  double push = 0;
  double wait = 0;
  double pull = 0;
};

// Times rounds over all chunks of a server: what one chunk is summed for is over when all are.
//
// Threading: any; `told` is called by one thread at a time. With MixedSync a global server's rounds are as many
// exchanges of its parties as it has chunks, whosever they are.
class RoundRecorder {
 public:
  using Told = std::function<void(const ServerRound&)>;
  using Roads = std::function<std::optional<RoadTimes>()>;  // of the round's exchanges with the servers above

  explicit RoundRecorder(Told told, Roads roads = {}) : told_(std::move(told)), roads_(std::move(roads)) {}
  // This, where somebody wants to be told.
  RoundRecorder* heard() { return told_ ? this : nullptr; }
  void came();                         // a push
  void gathered(std::uint64_t round);  // the last of a chunk's
  // A chunk's round has been answered; `chunks`: how many there are.
  void answered(std::uint64_t round, std::size_t chunks);

 private:
  using TimePoint = RoadTimes::TimePoint;
  struct Open {
    TimePoint gathered;
    std::size_t answered = 0;
  };
  const Told told_;
  const Roads roads_;
  std::mutex mutex_;
  std::map<std::uint64_t, Open> open_;  // rounds
  std::optional<TimePoint> begun_;      // the first push came, or the last round was answered
};

}  // namespace geomx::ps

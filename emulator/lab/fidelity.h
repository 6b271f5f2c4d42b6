#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/lab/machine_load.h"
#include "emulator/lab/plan.h"
#include "emulator/shaper/counters.h"

// Whether a lab's network is what was asked for, second by second, while it runs. It is told what every direction of a
// link is to do and has counted, before each change and about once a second; what lies between two tellings was asked
// to be the same throughout, so live changes and events are judged by what was asked at the time. Pure; times are
// seconds of one clock.
//
// A thing is judged as soon as there is enough to judge it by, and is off when:
//
// - rate: above asked + 2 % or below asked - 5 %; judged over 100 ms and 100 full frames of backlog;
// - delay: mean off by 0.5 ms and 2 %, beside the asked jitter; over 10 packets, by the wire's stamps;
// - loss: 4.5 standard deviations from the asked share; over all since it was asked, where 10 losses are expected;
// - lateness: more than 1 % of the packets over 1 ms late; over 100 packets, by the wire's stamps;
// - overruns: this machine lost a packet; every second.
//
// The lab is degraded in something that was off for three seconds and for 5 % of the time that was judged, and by every
// overrun: one bad second is what the machine does to everybody now and then.
namespace geomx::lab {

struct WatchedDirection {
  std::string link;
  bool forward = true;
  std::string label;  // "central->a"
  shaper::Direction asked;
  shaper::DirectionCounters counted;
};

enum class Aspect { rate, delay, loss, lateness, overruns };
const char* to_string(Aspect aspect);

enum class Judgement { not_measured, faithful, degraded };
const char* to_string(Judgement judgement);  // "not measured", ...

// Something that was off.
struct Deviation {
  std::string link;
  std::string direction;
  Aspect aspect = Aspect::rate;
  std::string worst;                   // "rate 61.2Mbit measured, 100Mbit asked (-38.8%)"
  double since = 0;                    // when it was first off
  double seconds = 0;                  // how long in all
  double judged = 0;                   // of how many
  bool now = false;                    // still, when last judged
  bool degrading = false;              // enough of it to say that the lab is degraded
  std::optional<double> cpu_pressure;  // mean while it was off
  std::optional<double> steal;
};
// "wan-a central->a: rate 61.2Mbit measured, 100Mbit asked (-38.8%); off for 12 of 15 s, CPU pressure 97%"
std::string describe(const Deviation& deviation);

// What one direction did since the last telling.
struct Window {
  std::string link;
  bool forward = true;
  std::string label;
  std::optional<double> bits_per_second;  // while packets waited for the rate
  std::optional<double> delay;            // seconds, mean
  std::optional<double> loss;
  std::optional<double> late;  // share of packets over 1 ms late
  Judgement judgement = Judgement::not_measured;
};

class FidelityMonitor {
 public:
  // `asked` of a direction is what it is to do from now on; until now it was to do what was told last.
  void observe(double time, const std::vector<WatchedDirection>& directions, const MachineReading& machine);
  // Nothing is known of what this link did since the last telling: it was changed without one.
  void forget(const std::string& link);

  double time() const { return time_; }                            // of the last telling
  const std::vector<Window>& windows() const { return windows_; }  // of directions over which something went
  const MachineLoad& load() const { return load_; }                // in the last window
  std::vector<Deviation> deviations() const;                       // by link and direction, gravest aspect first
  Judgement overall() const;
  Judgement now() const;
  Judgement now(const std::string& link, bool forward) const;
  // What has been judged at all, of each direction.
  struct Judged {
    std::string link;
    std::string direction;
    std::vector<Aspect> aspects;
  };
  std::vector<Judged> judged() const;

 private:
  struct Tally {
    double judged = 0;  // seconds
    double off = 0;
    double first = 0;
    double last = 0;  // when last judged
    bool now = false;
    double worst_by = 0;
    std::string worst;
    double pressure = 0;  // times seconds
    double steal = 0;
  };
  struct Track {
    std::string label;
    shaper::Direction asked;
    shaper::DirectionCounters before;
    bool fresh = true;       // `before` is not of this setting
    double settled = 0;      // until then packets of an earlier setting arrive
    double collecting[5]{};  // seconds, by aspect, since it was last judged
    std::uint64_t busy_nanoseconds = 0, busy_bytes = 0;
    std::uint64_t delayed = 0;  // packets
    double delays = 0;          // nanoseconds, their sum
    std::uint64_t timed = 0, late = 0;
    std::uint64_t passed = 0, lost = 0, lost_judged = 0;
    std::map<Aspect, Tally> tallies;
  };
  using Key = std::pair<std::string, bool>;

  void restart(Track& track, const WatchedDirection& direction);
  void take(Track& track, const WatchedDirection& direction, double seconds);
  void judge_rate(Track& track);
  void judge_delay(Track& track);
  void judge_loss(Track& track);
  void judge_lateness(Track& track);
  void note(Track& track, Aspect aspect, double off_by, const std::string& text);
  bool degrading(Aspect aspect, const Tally& tally) const;
  Judgement now(const Track& track) const;

  double time_ = 0;
  bool begun_ = false;
  MachineReading machine_;
  MachineLoad load_;
  std::map<Key, Track> tracks_;
  std::vector<Window> windows_;
};

}  // namespace geomx::lab

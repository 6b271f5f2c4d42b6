#include "emulator/lab/fidelity.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace geomx::lab {
namespace {

constexpr double kRateAbove = 0.02;
constexpr double kRateBelow = 0.05;
constexpr std::uint64_t kShortestBacklog = 100'000'000;  // nanoseconds
constexpr std::uint64_t kSmallestBacklog = 100 * 1514;   // bytes: a frame more or less is 1 %
constexpr double kDelayAbsolute = 500'000;               // nanoseconds
constexpr double kDelayRelative = 0.02;
constexpr std::uint64_t kPacketsForDelay = 10;
constexpr std::uint64_t kPacketsForLateness = 100;
constexpr double kLateShare = 0.01;
constexpr double kLossesExpected = 10;
constexpr double kDeviations = 4.5;
constexpr double kFullFrameBits = 8 * 1514;
constexpr double kSettling = 0.1;     // seconds, beside the delays themselves
constexpr double kOffForLong = 3;     // seconds
constexpr double kOffForMuch = 0.05;  // of the time that was judged
constexpr double kCurrent = 3.5;      // seconds for which the last judgement stands

std::uint64_t growth(std::uint64_t from, std::uint64_t to) {
  return to > from ? to - from : 0;
}

double delay_sum(const shaper::DirectionCounters& counters) {
  if (counters.delay_nanoseconds < 0) return 0;
  return static_cast<double>(counters.delay_nanoseconds) * static_cast<double>(counters.packets);
}

std::string signed_percent(double share) {
  return fmt::format("{:+.1f}%", 100 * share);
}

Nanoseconds nanoseconds(double count) {
  return Nanoseconds(std::llround(count));
}

}  // namespace

const char* to_string(Aspect aspect) {
  switch (aspect) {
    case Aspect::rate:
      return "rate";
    case Aspect::delay:
      return "delay";
    case Aspect::loss:
      return "loss";
    case Aspect::lateness:
      return "lateness";
    case Aspect::overruns:
      return "overruns";
  }
  return "";
}

const char* to_string(Judgement judgement) {
  switch (judgement) {
    case Judgement::not_measured:
      return "not measured";
    case Judgement::faithful:
      return "faithful";
    case Judgement::degraded:
      return "degraded";
  }
  return "";
}

std::string describe(const Deviation& deviation) {
  std::string text = fmt::format("{} {}: {}; off for {:.0f} of {:.0f} s", deviation.link, deviation.direction,
                                 deviation.worst, deviation.seconds, deviation.judged);
  if (deviation.cpu_pressure) text += fmt::format(", CPU pressure {:.0f}%", 100 * *deviation.cpu_pressure);
  if (deviation.steal && *deviation.steal >= 0.01) text += fmt::format(", steal {:.0f}%", 100 * *deviation.steal);
  return text;
}

void FidelityMonitor::forget(const std::string& link) {
  for (const bool forward : {true, false}) {
    const auto found = tracks_.find({link, forward});
    if (found != tracks_.end()) found->second.fresh = true;
  }
}

// What is collected over one setting says nothing about the next.
void FidelityMonitor::restart(Track& track, const WatchedDirection& direction) {
  const Nanoseconds longest =
      std::max(track.asked.delay + largest_swing(track.asked), direction.asked.delay + largest_swing(direction.asked));
  track.settled = time_ + std::chrono::duration<double>(longest).count() + kSettling;
  track.asked = direction.asked;
  track.fresh = false;
  std::fill(std::begin(track.collecting), std::end(track.collecting), 0.0);
  track.busy_nanoseconds = track.busy_bytes = track.delayed = track.timed = track.late = 0;
  track.passed = track.lost = track.lost_judged = 0;
  track.delays = 0;
}

void FidelityMonitor::observe(double time, const std::vector<WatchedDirection>& directions,
                              const MachineReading& machine) {
  const double seconds = begun_ ? time - time_ : 0;
  time_ = time;
  load_ = begun_ ? load_between(machine_, machine) : MachineLoad{};
  windows_.clear();
  std::map<Key, Track> kept;
  for (const WatchedDirection& direction : directions) {
    const Key key{direction.link, direction.forward};
    auto found = tracks_.extract(key);
    Track& track = kept[key];
    const bool known = !found.empty();
    if (known) track = std::move(found.mapped());
    track.label = direction.label;
    const bool counts_on = known && !track.fresh && direction.counted.packets >= track.before.packets;
    if (counts_on && seconds > 0) take(track, direction, seconds);
    if (!counts_on || track.asked != direction.asked) restart(track, direction);
    track.before = direction.counted;
  }
  tracks_ = std::move(kept);  // without links that are no more
  machine_ = machine;
  begun_ = true;
}

// What one direction did in the last `seconds`.
void FidelityMonitor::take(Track& track, const WatchedDirection& direction, double seconds) {
  const shaper::DirectionCounters& from = track.before;
  const shaper::DirectionCounters& to = direction.counted;
  const std::uint64_t packets = growth(from.packets, to.packets);
  const std::uint64_t copies = growth(from.duplicated, to.duplicated);
  const std::uint64_t lost = growth(from.dropped_loss, to.dropped_loss);
  const std::uint64_t busy = growth(from.busy_nanoseconds, to.busy_nanoseconds);
  const std::uint64_t busy_bytes = growth(from.busy_bytes, to.busy_bytes);
  const std::uint64_t timed = growth(from.timed_packets, to.timed_packets);
  const std::uint64_t late = growth(from.late_packets, to.late_packets);
  const std::uint64_t overruns = growth(from.overruns, to.overruns);
  const double delays = std::max(0.0, delay_sum(to) - delay_sum(from));
  const bool delay_known = to.delay_nanoseconds >= 0 && packets > 0;
  if (packets + lost + busy + overruns == 0) return;

  track.timed += timed;
  track.late += late;
  // A second counts for what there was in it to judge by.
  const auto collect = [&](Aspect aspect) { track.collecting[static_cast<std::size_t>(aspect)] += seconds; };
  if (timed > 0) collect(Aspect::lateness);
  collect(Aspect::overruns);
  if (time_ - seconds >= track.settled) {
    if (busy > 0) collect(Aspect::rate);
    track.busy_nanoseconds += busy;
    track.busy_bytes += busy_bytes;
    collect(Aspect::loss);
    track.passed += growth(copies, packets);
    track.lost += lost;
    if (delay_known) {
      collect(Aspect::delay);
      track.delayed += packets;
      track.delays += delays;
    }
  }

  Window window{direction.link, direction.forward, direction.label, {}, {}, {}, {}, Judgement::not_measured};
  if (busy >= kShortestBacklog)
    window.bits_per_second = 8e9 * static_cast<double>(busy_bytes) / static_cast<double>(busy);
  if (delay_known) window.delay = delays / static_cast<double>(packets) / 1e9;
  if (packets + lost > 0) window.loss = static_cast<double>(lost) / static_cast<double>(packets + lost);
  if (timed > 0) window.late = static_cast<double>(late) / static_cast<double>(timed);

  judge_rate(track);
  judge_delay(track);
  judge_loss(track);
  judge_lateness(track);
  const bool shaped = track.asked.shaped();
  if (overruns > 0) {
    note(track, Aspect::overruns, static_cast<double>(overruns),
         fmt::format("{} packets lost to this machine, not to the link", overruns));
  } else if (shaped) {
    note(track, Aspect::overruns, 0, {});
  }
  window.judgement = now(track);
  windows_.push_back(std::move(window));
}

void FidelityMonitor::judge_rate(Track& track) {
  if (!track.asked.rate || track.busy_nanoseconds < kShortestBacklog || track.busy_bytes < kSmallestBacklog) return;
  const double rate = 8e9 * static_cast<double>(track.busy_bytes) / static_cast<double>(track.busy_nanoseconds);
  track.busy_nanoseconds = track.busy_bytes = 0;
  const double off = rate / static_cast<double>(track.asked.rate->value) - 1;
  const bool bad = off > kRateAbove || off < -kRateBelow;
  note(track, Aspect::rate, bad ? std::abs(off) : 0,
       fmt::format("rate {} measured, {} asked ({})",
                   geomx::to_string(BitsPerSecond{static_cast<std::uint64_t>(rate)}, true),
                   geomx::to_string(*track.asked.rate), signed_percent(off)));
}

void FidelityMonitor::judge_delay(Track& track) {
  if (!track.asked.shaped() || track.delayed < kPacketsForDelay) return;
  const double mean = track.delays / static_cast<double>(track.delayed);
  track.delayed = 0;
  track.delays = 0;
  const Nanoseconds asked_delay = mean_delay(track.asked);
  const auto asked = static_cast<double>(asked_delay.count());
  const double allowed =
      std::max(kDelayAbsolute, kDelayRelative * asked) + static_cast<double>(largest_swing(track.asked).count());
  const double off = std::abs(mean - asked);
  note(track, Aspect::delay, off > allowed ? off : 0,
       fmt::format("delay {} measured, {} asked", geomx::to_string(nanoseconds(mean), true),
                   geomx::to_string(asked_delay)));
}

void FidelityMonitor::judge_loss(Track& track) {
  const double asked = mean_loss(track.asked);
  if (asked <= 0 || asked >= 1) return;
  const auto offered = static_cast<double>(track.passed + track.lost);
  // Anew whenever as much has come as it takes the first time.
  if ((offered - static_cast<double>(track.lost_judged)) * std::min(asked, 1 - asked) < kLossesExpected) return;
  track.lost_judged = track.passed + track.lost;
  // A loss is counted when a packet leaves the queue, its survivors' passing one delay later.
  const auto rate = static_cast<double>(peak_rate(track.asked).value_or(BitsPerSecond{}).value);
  const double underway =
      std::min(0.1 * offered, rate / kFullFrameBits * std::chrono::duration<double>(track.asked.delay).count());
  const double deviation = offered * loss_deviation(track.asked, offered);
  // Over few bursts one more or less is no wonder.
  const double bursts = track.asked.gilbert_elliott ? 3 / std::max(track.asked.gilbert_elliott->r, 1 / offered) : 1;
  const double off = std::abs(static_cast<double>(track.lost) - offered * asked);
  note(track, Aspect::loss, off > kDeviations * deviation + underway * asked + bursts ? off / offered : 0,
       fmt::format("loss {:.3g}% measured over {:.0f} packets, {} asked",
                   100 * static_cast<double>(track.lost) / offered, offered, geomx::to_string(Probability{asked})));
}

void FidelityMonitor::judge_lateness(Track& track) {
  if (track.timed < kPacketsForLateness) return;
  const double share = static_cast<double>(track.late) / static_cast<double>(track.timed);
  track.timed = track.late = 0;
  note(track, Aspect::lateness, share > kLateShare ? share : 0,
       fmt::format("{:.0f}% of the packets left more than 1ms late", 100 * share));
}

// The seconds since it was last judged, or since there was anything to judge it by, were off by so much; 0: they were
// as asked.
void FidelityMonitor::note(Track& track, Aspect aspect, double off_by, const std::string& text) {
  Tally& tally = track.tallies[aspect];
  const double seconds = std::exchange(track.collecting[static_cast<std::size_t>(aspect)], 0.0);
  tally.judged += seconds;
  tally.last = time_;
  tally.now = off_by > 0;
  if (off_by <= 0) return;
  if (tally.off == 0) tally.first = time_ - seconds;
  tally.off += seconds;
  tally.pressure += seconds * load_.cpu_pressure.value_or(0);
  tally.steal += seconds * load_.steal.value_or(0);
  if (off_by > tally.worst_by) {
    tally.worst_by = off_by;
    tally.worst = text;
  }
}

bool FidelityMonitor::degrading(Aspect aspect, const Tally& tally) const {
  if (tally.off <= 0) return false;
  // A run that is over before three seconds are: most of it.
  const double long_enough = std::min(kOffForLong, 0.5 * tally.judged);
  return aspect == Aspect::overruns || (tally.off >= long_enough && tally.off >= kOffForMuch * tally.judged);
}

std::vector<Deviation> FidelityMonitor::deviations() const {
  std::vector<Deviation> found;
  for (const auto& [key, track] : tracks_) {
    for (const auto& [aspect, tally] : track.tallies) {
      if (tally.off <= 0) continue;
      Deviation deviation{key.first,    track.label, aspect,
                          tally.worst,  tally.first, tally.off,
                          tally.judged, false,       degrading(aspect, tally),
                          {},           {}};
      deviation.now = tally.now && time_ - tally.last <= kCurrent;
      if (load_.cpu_pressure) deviation.cpu_pressure = tally.pressure / tally.off;
      if (load_.steal) deviation.steal = tally.steal / tally.off;
      found.push_back(std::move(deviation));
    }
  }
  return found;
}

Judgement FidelityMonitor::overall() const {
  Judgement judgement = Judgement::not_measured;
  for (const auto& [key, track] : tracks_) {
    for (const auto& [aspect, tally] : track.tallies) {
      if (degrading(aspect, tally)) return Judgement::degraded;
      if (aspect != Aspect::overruns) judgement = Judgement::faithful;
    }
  }
  return judgement;
}

Judgement FidelityMonitor::now(const Track& track) const {
  Judgement judgement = Judgement::not_measured;
  for (const auto& [aspect, tally] : track.tallies) {
    if (time_ - tally.last > kCurrent) continue;
    if (tally.now) return Judgement::degraded;
    if (aspect != Aspect::overruns) judgement = Judgement::faithful;
  }
  return judgement;
}

Judgement FidelityMonitor::now(const std::string& link, bool forward) const {
  const auto found = tracks_.find({link, forward});
  return found == tracks_.end() ? Judgement::not_measured : now(found->second);
}

Judgement FidelityMonitor::now() const {
  Judgement judgement = Judgement::not_measured;
  for (const auto& [key, track] : tracks_) judgement = std::max(judgement, now(track));
  return judgement;
}

std::vector<FidelityMonitor::Judged> FidelityMonitor::judged() const {
  std::vector<Judged> all;
  for (const auto& [key, track] : tracks_) {
    if (track.tallies.empty()) continue;
    Judged judged{key.first, track.label, {}};
    for (const auto& [aspect, tally] : track.tallies) judged.aspects.push_back(aspect);
    all.push_back(std::move(judged));
  }
  return all;
}

}  // namespace geomx::lab

#include "emulator/shaper/bottleneck.h"

#include <algorithm>
#include <cmath>

namespace geomx::shaper {
namespace {

constexpr std::uint64_t kEthernetHeader = 14;
constexpr std::uint64_t kTunHeader = 4;

double seconds(Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

Bottleneck::Bottleneck(const Direction& direction, Time origin)
    : rate_(direction.rate), trace_(direction.trace), origin_(origin) {
  if (trace_ && trace_->period.count() > 0) {
    bits_per_period_ = static_cast<double>(trace_->mean().value) * seconds(trace_->period);
  }
}

Time Bottleneck::duration(std::uint64_t frame_bytes) const {
  return rate_ ? transmission_time(Bytes{frame_bytes}, *rate_) : Time(0);
}

Time Bottleneck::finish(Time start, std::uint64_t frame_bytes) {
  if (start == kNever) return kNever;
  if (!trace_) return start + duration(frame_bytes);
  start = std::max(start, origin_);
  if (trace_->deliveries.empty()) return integrated(start, frame_bytes);
  const std::uint64_t packet = frame_bytes > kEthernetHeader ? frame_bytes - kEthernetHeader : 0;
  return delivered(start, packet + kTunHeader);
}

Time Bottleneck::time_of(std::uint64_t delivery) const {
  const std::uint64_t count = trace_->deliveries.size();
  const std::uint64_t turn = delivery / count;
  if (turn > 0 && !trace_->loop) return kNever;
  return origin_ + static_cast<std::int64_t>(turn) * trace_->period + trace_->deliveries[delivery % count];
}

std::uint64_t Bottleneck::first_from(Time start) const {
  const auto& deliveries = trace_->deliveries;
  const Time since = start - origin_;
  auto turn = static_cast<std::uint64_t>(since / trace_->period);
  // The end of one turn is the beginning of the next: deliveries may lie at both.
  if (turn > 0 && since % trace_->period == Time(0)) --turn;
  const Time within = since - static_cast<std::int64_t>(turn) * trace_->period;
  const auto found = std::lower_bound(deliveries.begin(), deliveries.end(), within) - deliveries.begin();
  return turn * deliveries.size() + static_cast<std::uint64_t>(found);
}

Time Bottleneck::delivered(Time start, std::uint64_t bytes) {
  Time at = start;
  // What the last delivery left over is there only for whoever waited for it.
  if (left_ > 0 && time_of(next_ - 1) < start) left_ = 0;
  if (left_ >= bytes) {
    left_ -= bytes;
    return at;
  }
  bytes -= left_;
  if (left_ == 0) next_ = std::max(next_, first_from(start));
  const std::uint64_t needed = (bytes + kTracePacket.value - 1) / kTracePacket.value;
  next_ += needed;
  left_ = needed * kTracePacket.value - bytes;
  return std::max(at, time_of(next_ - 1));
}

Time Bottleneck::integrated(Time start, std::uint64_t bytes) const {
  const auto& steps = trace_->steps;
  const bool loops = trace_->loop && trace_->period.count() > 0;
  double bits = 8 * static_cast<double>(bytes);
  Time since = start - origin_;
  Time base{0};  // of the turn
  if (loops) {
    if (bits_per_period_ < 1) return kNever;
    base = since / trace_->period * trace_->period;
    since -= base;
    const double turns = std::floor(bits / bits_per_period_);
    base += static_cast<std::int64_t>(turns) * trace_->period;
    bits -= turns * bits_per_period_;
  }
  while (true) {
    auto step = std::upper_bound(steps.begin(), steps.end(), since,
                                 [](Time at, const RateTrace::Step& each) { return at < each.at; }) -
                1;
    for (; step != steps.end(); ++step) {
      const Time end = step + 1 != steps.end() ? (step + 1)->at : loops ? trace_->period : kNever;
      const auto rate = static_cast<double>(step->rate.value);
      const double fits = end == kNever ? (rate > 0 ? bits : 0) : rate * seconds(end - since);
      if (fits >= bits && rate > 0) return origin_ + base + since + Time(std::llround(bits / rate * 1e9));
      if (end == kNever) return kNever;
      bits -= fits;
      since = end;
    }
    since = Time(0);
    base += trace_->period;
  }
}

}  // namespace geomx::shaper

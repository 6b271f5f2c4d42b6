#include "tests/support/link_measures.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <numeric>

#include "emulator/shaper/jitter.h"
#include "tests/support/statistics.h"

namespace geomx::test {
namespace {

constexpr std::uint64_t kSmallPayload = 64;
constexpr std::uint64_t kHeaders = kFullFrame - kUdpPayload;

double milliseconds_of(Nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

BitsPerSecond rate_of(std::uint64_t payload, Nanoseconds gap) {
  const double bits = 8 * static_cast<double>(payload + kHeaders);
  return {static_cast<std::uint64_t>(bits / std::chrono::duration<double>(gap).count())};
}

Nanoseconds wall_clock() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

}  // namespace

std::vector<double> measure_delays(shaper::Kind kind, const shaper::Direction& direction, std::uint32_t count,
                                   Nanoseconds gap) {
  LinkBed bed(kind, direction, {});
  const Blast blast{.rate = rate_of(kSmallPayload, gap), .count = count, .payload = kSmallPayload};
  std::vector<double> delays;
  for (const Datagram& datagram :
       blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, blast,
                 direction.delay + largest_swing(direction) + std::chrono::milliseconds(300))) {
    delays.push_back(milliseconds_of(datagram.received - datagram.sent));
  }
  return delays;
}

DelayErrors measure_delay(shaper::Kind kind, const shaper::Direction& direction, std::uint32_t count) {
  const Nanoseconds serialisation =
      direction.rate ? transmission_time(Bytes{kSmallPayload + kHeaders}, *direction.rate) : Nanoseconds(0);
  const Nanoseconds gap = std::max<Nanoseconds>(std::chrono::milliseconds(2), 2 * serialisation);
  std::vector<double> errors = measure_delays(kind, direction, count, gap);
  DelayErrors result;
  result.samples = errors.size();
  if (errors.empty()) return result;
  for (double& error : errors) error -= milliseconds_of(direction.delay + serialisation);
  result.mean = moments_of(errors).mean;
  for (double& error : errors) error = std::abs(error);
  const auto at = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() * 99 / 100);
  std::nth_element(errors.begin(), at, errors.end());
  result.p99 = *at;
  return result;
}

double share_below(shaper::Distribution distribution, double swing) {
  double low = 0;
  double high = 1;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (shaper::swing_at(distribution, middle) < swing ? low : high) = middle;
  }
  return (low + high) / 2;
}

double distance_from_asked(const std::vector<double>& delays, const shaper::Direction& direction) {
  return distance_from(delays, [&](double delay) {
    return share_below(direction.distribution,
                       (delay - milliseconds_of(direction.delay)) / milliseconds_of(direction.jitter));
  });
}

Losses measure_losses(shaper::Kind kind, const shaper::Direction& direction, std::uint32_t count) {
  LinkBed bed(kind, direction, {});
  // No further ahead than any queue on the way can hold, so that nothing but the link's loss loses packets.
  const Blast blast{.count = count, .payload = 200, .window = 200};
  const auto received =
      blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, blast, direction.delay + std::chrono::milliseconds(300));
  std::vector<bool> arrived(count);
  for (const Datagram& datagram : received) arrived[datagram.sequence] = true;
  Losses losses;
  losses.sent = count;
  double burst = 0;
  for (const bool here : arrived) {
    if (!here) {
      ++burst;
      ++losses.lost;
    } else if (burst > 0) {
      losses.bursts.push_back(burst);
      burst = 0;
    }
  }
  return losses;
}

std::vector<std::uint32_t> measure_trace(const RateTrace& trace, int seconds) {
  shaper::Direction direction;
  direction.rate = BitsPerSecond{1'000'000'000};
  LinkBed bed(shaper::Kind::wire, direction, {});
  direction.rate.reset();
  direction.trace = SharedTrace(trace);
  direction.queue = shaper::ByteLimit{1'000'000};
  const Nanoseconds begin = wall_clock();
  bed.shaper().change(direction, {});  // the trace begins with the change
  const double load = 1.3 * static_cast<double>(trace.peak().value);
  const auto count = static_cast<std::uint32_t>(load * (seconds + 0.1) / 8 / kFullFrame);
  const auto received =
      blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, {BitsPerSecond{static_cast<std::uint64_t>(load)}, count},
                std::chrono::milliseconds(300));
  std::vector<std::uint32_t> delivered(static_cast<std::size_t>(seconds));
  for (const Datagram& datagram : received) {
    const auto second = static_cast<std::size_t>((datagram.received - begin) / std::chrono::seconds(1));
    if (second < delivered.size()) ++delivered[second];
  }
  return delivered;
}

}  // namespace geomx::test

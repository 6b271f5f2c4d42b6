#include "emulator/shaper/statistics.h"

#include <algorithm>
#include <cmath>

namespace geomx::shaper {

std::size_t LatenessHistogram::bucket_of(Nanoseconds lateness) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(lateness.count(), 0));
  // Below 2^kSubBits a bucket holds one value; above, the top kSubBits after the leading one choose the bucket.
  const int exponent = std::bit_width(value >> kSubBits);
  const int shift = std::max(exponent - 1, 0);
  const auto mantissa = static_cast<int>(value >> shift) & ((1 << kSubBits) - 1);
  return static_cast<std::size_t>(std::min((exponent << kSubBits) + mantissa, kBuckets - 1));
}

void LatenessHistogram::add(Nanoseconds lateness) {
  buckets_[bucket_of(lateness)].add(1);
}

std::uint64_t LatenessHistogram::count() const {
  std::uint64_t total = 0;
  for (const Counter& bucket : buckets_) total += bucket.get();
  return total;
}

std::uint64_t LatenessHistogram::above(Nanoseconds duration) const {
  std::uint64_t total = 0;
  for (std::size_t i = bucket_of(duration) + 1; i < buckets_.size(); ++i) total += buckets_[i].get();
  return total;
}

Nanoseconds LatenessHistogram::percentile(double share) const {
  const std::uint64_t total = count();
  if (total == 0) return Nanoseconds(-1);
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
  std::uint64_t seen = 0;
  int index = 0;
  while (index < kBuckets - 1) {
    seen += buckets_[static_cast<std::size_t>(index)].get();
    if (seen >= wanted) break;
    ++index;
  }
  const int exponent = index >> kSubBits;
  const std::int64_t mantissa = index & ((1 << kSubBits) - 1);
  if (exponent == 0) return Nanoseconds(mantissa);
  return Nanoseconds((((std::int64_t{1} << kSubBits) + mantissa + 1) << (exponent - 1)) - 1);
}

DirectionCounters DirectionStatistics::snapshot() const {
  DirectionCounters counters;
  counters.packets = packets.get();
  counters.bytes = bytes.get();
  counters.dropped_queue = dropped_queue.get();
  counters.dropped_loss = dropped_loss.get();
  counters.marked = marked.get();
  counters.duplicated = duplicated.get();
  counters.reordered = reordered.get();
  counters.corrupted = corrupted.get();
  counters.overruns = overruns.get();
  counters.undelivered = undelivered.get();
  counters.backlog_bytes = backlog_bytes.get();
  counters.busy_nanoseconds = busy_nanoseconds.get();
  counters.busy_bytes = busy_bytes.get();
  if (counters.packets > 0) {
    counters.delay_nanoseconds = static_cast<std::int64_t>(delay_nanoseconds.get() / counters.packets);
  }
  counters.lateness_p99_nanoseconds = lateness.percentile(0.99).count();
  counters.timed_packets = lateness.count();
  counters.late_packets = lateness.above(kLate);
  return counters;
}

}  // namespace geomx::shaper

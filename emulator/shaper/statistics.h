#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "emulator/base/units.h"
#include "emulator/shaper/counters.h"

// One direction's counters: written by the one thread that moves its packets, read by any other without a lock. Each
// value is whole; values may be a packet apart from each other.
namespace geomx::shaper {

class Counter {
 public:
  // A plain load and store: there is one writer.
  void add(std::uint64_t amount) { set(get() + amount); }
  void subtract(std::uint64_t amount) { set(get() - amount); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Durations in buckets whose width is an eighth of their value: a percentile is right within 12.5 %.
class LatenessHistogram {
 public:
  void add(Nanoseconds lateness);
  // The upper bound of the bucket in which that share of the durations lies; -1 ns where there are none.
  Nanoseconds percentile(double share) const;
  // How many there are, and how many in buckets above that duration's.
  std::uint64_t count() const;
  std::uint64_t above(Nanoseconds duration) const;

 private:
  static std::size_t bucket_of(Nanoseconds duration);
  static constexpr int kSubBits = 3;
  static constexpr int kBuckets = 41 << kSubBits;
  std::array<Counter, kBuckets> buckets_;
};

struct DirectionStatistics {
  Counter packets;
  Counter bytes;
  Counter dropped_queue;
  Counter dropped_loss;
  Counter marked;
  Counter duplicated;
  Counter reordered;
  Counter corrupted;
  Counter overruns;
  Counter undelivered;
  Counter backlog_bytes;
  Counter busy_nanoseconds;
  Counter busy_bytes;
  Counter delay_nanoseconds;  // summed over delivered packets
  LatenessHistogram lateness;

  DirectionCounters snapshot() const;
};

}  // namespace geomx::shaper

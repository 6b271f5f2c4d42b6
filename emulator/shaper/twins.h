#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_set>
#include <utility>

#include "emulator/base/units.h"
#include "emulator/shaper/frame.h"

// While a link goes over from one way of reading frames to another, both see the same frames. What tells that two of
// them are one. Pure.
namespace geomx::shaper {

// Two sightings of one frame have the same; two frames do only where they came within one microsecond and begin with
// the same bytes, so that it does not matter which of them is taken for which.
struct Likeness {
  Nanoseconds stamp{0};  // in whole microseconds
  std::uint64_t hash = 0;
  bool operator==(const Likeness&) const = default;
};

// `packet`: IPv4, from its header on; how much of it there is beyond its first bytes does not matter.
Likeness likeness_of(std::span<const std::byte> packet, Nanoseconds stamp);

// Sightings that wait for their twins.
class Sightings {
 public:
  void add(const Likeness& likeness) { seen_.insert(likeness); }
  bool take(const Likeness& likeness);  // one of them, where there is one
  bool empty() const { return seen_.empty(); }
  void clear() { seen_.clear(); }

 private:
  struct Hash {
    std::size_t operator()(const Likeness& likeness) const { return likeness.hash; }
  };
  std::unordered_multiset<Likeness, Hash> seen_;
};

// Frames that wait to be told apart from those that another way has seen, in the order in which they came.
class Doubtful {
 public:
  struct Entry {
    Likeness likeness;
    Frame frame;
    Nanoseconds stamp{0};
  };
  void add(Entry entry) { entries_.push_back(std::move(entry)); }
  bool remove(const Likeness& likeness);
  std::deque<Entry> take_all() { return std::exchange(entries_, {}); }

 private:
  std::deque<Entry> entries_;
};

}  // namespace geomx::shaper

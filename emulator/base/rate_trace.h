#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emulator/base/units.h"

// A rate that changes over time, as it was measured on a real link or written down as a table.
namespace geomx {

struct RateTrace {
  // From `at` on, until the next step.
  struct Step {
    Nanoseconds at{0};
    BitsPerSecond rate{};
    bool operator==(const Step&) const = default;
  };

  std::string name;                       // for people: the file, or "table"
  std::vector<Nanoseconds> deliveries{};  // either: when one packet of kTracePacket may leave, never decreasing
  std::vector<Step> steps{};              // or: at 0 first, increasing
  Nanoseconds period{0};                  // after which it begins anew; 0 (steps only): the last step lasts for ever
  bool loop = true;                       // else nothing leaves after the last delivery, and the last step lasts
  bool operator==(const RateTrace&) const = default;

  BitsPerSecond mean() const;  // over the period; of steps that end with the last: that one's rate
  BitsPerSecond peak() const;  // of deliveries: in the best 100 ms
};

// What one delivery of a Mahimahi trace carries: an IP packet of 1500 bytes and the 4 bytes with which a tun device
// precedes it (Netravali et al., "Mahimahi: Accurate Record-and-Replay for HTTP", USENIX ATC 2015; mm-link(1)).
inline constexpr Bytes kTracePacket{1504};

// Reads a Mahimahi trace: one line per delivery, its time in whole milliseconds. The last line is the period as well.
// Throws InputError whose place is "NAME:LINE".
RateTrace parse_mahimahi(std::string_view text, const std::string& name, bool loop);

// A trace that several directions of links share; equal to another that says the same. May be empty.
class SharedTrace {
 public:
  SharedTrace() = default;
  explicit SharedTrace(RateTrace trace) : trace_(std::make_shared<const RateTrace>(std::move(trace))) {}
  explicit operator bool() const { return trace_ != nullptr; }
  const RateTrace& operator*() const { return *trace_; }
  const RateTrace* operator->() const { return trace_.get(); }
  bool operator==(const SharedTrace& other) const {
    return trace_ == other.trace_ || (trace_ && other.trace_ && *trace_ == *other.trace_);
  }

 private:
  std::shared_ptr<const RateTrace> trace_;
};

// For people: "lte.trace, 12.3Mbit in the mean, once" or "table of 4 steps, 8Mbit in the mean, looped".
std::string to_string(const RateTrace& trace);

}  // namespace geomx

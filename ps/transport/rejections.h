#pragma once

#include <bit>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "ps/config/log.h"

namespace geomx::ps {

// Counts what is turned away, and tells of it: of the first ones, and then of ever fewer, for a stranger can send more
// than anybody wants to read.
//
// Threading: any.
class Rejections {
 public:
  explicit Rejections(Log log) : log_(std::move(log)) {}

  void note(const std::string& what) {
    std::uint64_t count = 0;
    {
      const std::lock_guard lock(mutex_);
      count = ++count_;
    }
    constexpr std::uint64_t kAllOf = 8;
    if (!log_ || (count > kAllOf && !std::has_single_bit(count))) return;
    log_(kNecessary, "rejected " + what + (count > kAllOf ? " (" + std::to_string(count) + " by now)" : ""));
  }
  std::uint64_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  const Log log_;
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
};

}  // namespace geomx::ps

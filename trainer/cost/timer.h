#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

namespace geomx::trainer {

// The time, for who computes by waiting.
class Timer {
 public:
  using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC
  virtual ~Timer() = default;
  virtual Clock::time_point now() const = 0;
  // Returns at `when` or, where that is past, at once. May throw Error: it is not waited for any more.
  virtual void sleep_until(Clock::time_point when) = 0;
};

// The real time, which another thread may end. Threading: any.
class RealTimer : public Timer {
 public:
  Clock::time_point now() const override { return Clock::now(); }
  void sleep_until(Clock::time_point when) override;
  // Whoever sleeps, now or later, gets an Error that says why. The first reason counts.
  void end(const std::string& why);

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  std::string why_;  // guarded by mutex_; empty: goes on
};

}  // namespace geomx::trainer

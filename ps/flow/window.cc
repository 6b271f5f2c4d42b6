#include "ps/flow/window.h"

#include <algorithm>

namespace geomx::ps {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Window::Clock::duration kPeriod = seconds(10);  // for which the shortest round trip is believed
constexpr std::size_t kLargest = std::size_t{64} << 20;
// Bounds of what lies in queues, in slices.
constexpr double kTooFew = 2;
constexpr double kTooMany = 4;

}  // namespace

Window::Clock::duration Window::base(Clock::duration rtt, Clock::time_point now) {
  if (now - shortest_.since > kPeriod) {
    shortest_.former = now - shortest_.since > 2 * kPeriod ? Clock::duration::max() : shortest_.current;
    shortest_.current = Clock::duration::max();
    shortest_.since = now;
  }
  shortest_.current = std::min(shortest_.current, rtt);
  return std::min(shortest_.current, shortest_.former);
}

void Window::acknowledged(std::size_t bytes, Clock::time_point sent, Clock::time_point now, bool limited) {
  lost(bytes);
  const Clock::duration rtt = std::max<Clock::duration>(now - sent, std::chrono::microseconds(1));
  smoothed_ = smoothed_ == Clock::duration{} ? rtt : (7 * smoothed_ + rtt) / 8;
  const double shortest = std::chrono::duration<double>(base(rtt, now)).count();
  const double share = 1 - shortest / std::chrono::duration<double>(rtt).count();
  const double queued = static_cast<double>(size_) * share / static_cast<double>(slice_);  // slices
  since_change_ += bytes;
  if (queued < kTooFew / 2 && limited) {
    size_ += bytes;
  } else if (since_change_ < size_) {
    return;  // once per round trip
  } else if (queued < kTooFew && limited) {
    size_ += slice_;
  } else if (queued > kTooMany) {
    // What does not lie in queues, and a little.
    size_ -= static_cast<std::size_t>((queued - kTooFew) * static_cast<double>(slice_));
  }
  since_change_ = 0;
  size_ = std::clamp(size_, 2 * slice_, std::max(kLargest, 2 * slice_));
}

Window::Clock::duration Window::patience() const {
  return std::max<Clock::duration>(seconds(1), 8 * smoothed_);
}

}  // namespace geomx::ps

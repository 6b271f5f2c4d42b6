#include "ps/flow/pacer.h"

#include <algorithm>

namespace geomx::ps {
namespace {

constexpr double kSlowest = 25e3;  // bytes/s: a datagram each 55 ms, so that the receiver does not take it for silence
constexpr double kFastest = 1.25e9;                     // bytes/s
constexpr double kProbe = 1.1;                          // above what arrives
constexpr double kSlower = 0.9;                         // arrival to sending: the road is the slower one
constexpr double kHeavyLoss = 0.05;                     // what a bad road loses anyway is no reason to slow down
constexpr std::uint64_t kEnough = 8;                    // datagrams that tell a rate
constexpr auto kPause = std::chrono::milliseconds(20);  // between bursts: says nothing about a rate

}  // namespace

void Pacer::sent(std::size_t bytes, Clock::time_point now) {
  const std::chrono::duration<double> takes(static_cast<double>(bytes) / rate_);
  next_ = std::max(next_, now - kBurst) + std::chrono::duration_cast<Clock::duration>(takes);
  if (now - last_ <= kPause) {
    bytes_ += bytes;
    span_ += now - last_;
  }
  last_ = now;
}

std::optional<double> Pacer::achieved() const {
  const double seconds = std::chrono::duration<double>(span_).count();
  return seconds > 0 ? std::optional(static_cast<double>(bytes_) / seconds) : std::nullopt;
}

void Pacer::report(const Report& report) {
  if (report.sent == 0) return;
  const double lost = 1 - static_cast<double>(std::min(report.arrived, report.sent)) / static_cast<double>(report.sent);
  const bool tells = report.arrived >= kEnough && report.span.count() > 0;
  const double arrival = tells ? static_cast<double>(report.bytes) * 1e6 / static_cast<double>(report.span.count()) : 0;
  const auto sending = achieved();
  bytes_ = 0;
  span_ = {};
  if (lost > kHeavyLoss) {
    doubles_ = false;
    rate_ = tells ? std::min(rate_, arrival) : rate_ / 2;
  } else if (tells && doubles_) {
    rate_ = std::max(rate_, std::min(2 * rate_, 2 * arrival));
  } else if (tells && sending && arrival < kSlower * *sending) {
    rate_ = std::clamp(kProbe * arrival, rate_ / 2, kProbe * rate_);
  } else if (tells) {
    rate_ = std::clamp(kProbe * arrival, rate_, kProbe * rate_);
  }
  rate_ = std::clamp(rate_, kSlowest, kFastest);
}

}  // namespace geomx::ps

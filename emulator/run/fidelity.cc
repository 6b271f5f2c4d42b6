#include "emulator/run/fidelity.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace geomx::run {
namespace {

using geomx::to_string;  // of std::chrono's duration, which argument-dependent lookup does not find

// Sums the probabilities of k, k - 1, ... or k, k + 1, ...: the tail that leads away from the mean, whose terms fall
// so fast that the sum is complete after some times the standard deviation.
double tail(std::uint64_t k, std::uint64_t n, double p, bool downwards) {
  const double count = static_cast<double>(n);
  double at = static_cast<double>(k);
  double term = std::exp(std::lgamma(count + 1) - std::lgamma(at + 1) - std::lgamma(count - at + 1) + at * std::log(p) +
                         (count - at) * std::log1p(-p));
  double sum = 0;
  const double odds = p / (1 - p);
  while (term > 0 && term > sum * 1e-17) {
    sum += term;
    if (downwards ? at == 0 : at == count) break;
    term *= downwards ? at / (count - at + 1) / odds : (count - at) / (at + 1) * odds;
    at += downwards ? -1 : 1;
  }
  return std::min(1.0, sum);
}

std::string percent(double share) {
  return fmt::format("{:+.1f}%", 100 * share);
}

// Of a normal distribution, on either side of 99.9 % of it.
constexpr double kDeviations = 3.29;

class Judge {
 public:
  explicit Judge(const Thresholds& thresholds) : thresholds_(thresholds) {}

  void rate(const LinkReport& link) {
    if (!link.asked.rate) return;
    if (!measured(link, "rate", link.rate.has_value())) return;
    const double off = static_cast<double>(link.rate->value) / static_cast<double>(link.asked.rate->value) - 1;
    if (off <= thresholds_.rate_above && off >= -thresholds_.rate_below) return;
    reason(link, fmt::format("rate {} measured, {} asked ({})", to_string(*link.rate, true),
                             to_string(*link.asked.rate), percent(off)));
  }

  void delay(const LinkReport& link) {
    // An unshaped link has a delay of its own; nobody asked for one.
    if (!link.asked.shaped()) return;
    if (!link.delay && link.asked.delay.count() == 0) return;
    if (!measured(link, "delay", link.delay.has_value())) return;
    const Nanoseconds asked = mean_delay(link.asked);
    if (!off(*link.delay, asked, largest_swing(link.asked))) return;
    reason(link, fmt::format("delay {} measured, {} asked", to_string(*link.delay, true), to_string(asked)));
  }

  void round_trip(const LinkReport& link, const LinkReport& back) {
    if (!link.idle_rtt || !(link.asked.shaped() || back.asked.shaped())) return;
    // A packet that waits for a trace's next delivery is as late as the trace says.
    if (link.asked.trace || back.asked.trace) return;
    measured_ = true;
    if (!off(*link.idle_rtt, link.expected_rtt, largest_swing(link.asked) + largest_swing(back.asked))) return;
    reasons_.push_back(fmt::format("{}: idle round trip {} measured, {} expected", link.link,
                                   to_string(*link.idle_rtt, true), to_string(link.expected_rtt, true)));
  }

  void loss(const LinkReport& link) {
    const double asked = mean_loss(link.asked);
    if (asked <= 0 || asked >= 1) return;
    if (!measured(link, "loss", link.loss.has_value())) return;
    if (link.asked.gilbert_elliott ? bursts_as_asked(link) : loss_as_asked(link)) return;
    reason(link, fmt::format("loss {:.3g}% measured over {} packets, {} asked", 100 * *link.loss, link.offered(),
                             to_string(Probability{asked})));
  }

  void overruns(const LinkReport& link) {
    if (link.overruns == 0) return;
    measured_ = true;
    reason(link, fmt::format("{} packets lost to this machine, not to the link", link.overruns));
  }

  void punctuality(const LinkReport& link) {
    if (!link.lateness) return;
    measured_ = true;
    if (*link.lateness <= thresholds_.lateness) return;
    reason(link, fmt::format("timers {} late (99th percentile; {} is the limit)", to_string(*link.lateness, true),
                             to_string(thresholds_.lateness)));
  }

  Fidelity verdict() && {
    Fidelity fidelity;
    fidelity.not_measured = std::move(not_measured_);
    fidelity.reasons = std::move(reasons_);
    if (!fidelity.reasons.empty()) {
      fidelity.verdict = Verdict::degraded;
    } else if (measured_) {
      fidelity.verdict = Verdict::faithful;
    } else {
      fidelity.reasons = {"no shaped link carried traffic that could be measured"};
    }
    return fidelity;
  }

 private:
  bool loss_as_asked(const LinkReport& link) const {
    const double each_side = (1 - thresholds_.loss_confidence) / 2;
    return binomial_at_most(link.dropped_loss, link.offered(), link.asked.loss) >= each_side &&
           binomial_at_least(link.dropped_loss, link.offered(), link.asked.loss) >= each_side;
  }

  // The share lost in bursts varies more. It is nearly normal over many bursts; over few, one more or less is no
  // wonder.
  bool bursts_as_asked(const LinkReport& link) const {
    const auto packets = static_cast<double>(link.offered());
    const double one_burst = 1 / std::max(link.asked.gilbert_elliott->r, 1 / packets) / packets;
    return std::abs(*link.loss - mean_loss(link.asked)) <=
           kDeviations * loss_deviation(link.asked, packets) + 3 * one_burst;
  }

  bool off(Nanoseconds measured, Nanoseconds asked, Nanoseconds jitter) const {
    const Nanoseconds relative(std::llround(thresholds_.delay_relative * static_cast<double>(asked.count())));
    return std::chrono::abs(measured - asked) > std::max(thresholds_.delay_absolute, relative) + jitter;
  }
  bool measured(const LinkReport& link, const char* what, bool was) {
    measured_ = measured_ || was;
    if (!was) not_measured_.push_back({link.link + " " + link.direction, what, link.scope});
    return was;
  }
  void reason(const LinkReport& link, const std::string& what) {
    reasons_.push_back(fmt::format("{} {}: {}", link.link, link.direction, what));
  }

  const Thresholds& thresholds_;
  bool measured_ = false;
  std::vector<std::string> reasons_;
  std::vector<NotMeasured> not_measured_;
};

}  // namespace

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::faithful:
      return "faithful";
    case Verdict::degraded:
      return "degraded";
    case Verdict::not_measured:
      return "not measured";
  }
  return "not measured";
}

Fidelity judge(const std::vector<LinkReport>& links, const Thresholds& thresholds) {
  Judge judge(thresholds);
  for (std::size_t i = 0; i < links.size(); ++i) {
    judge.rate(links[i]);
    judge.delay(links[i]);
    if (links[i].forward && i + 1 < links.size()) judge.round_trip(links[i], links[i + 1]);
    judge.loss(links[i]);
    judge.overruns(links[i]);
    judge.punctuality(links[i]);
  }
  return std::move(judge).verdict();
}

double binomial_at_most(std::uint64_t k, std::uint64_t n, double p) {
  if (k >= n) return 1;
  if (static_cast<double>(k) > static_cast<double>(n) * p) return 1 - tail(k + 1, n, p, false);
  return tail(k, n, p, true);
}

double binomial_at_least(std::uint64_t k, std::uint64_t n, double p) {
  if (k == 0) return 1;
  if (static_cast<double>(k) < static_cast<double>(n) * p) return 1 - tail(k - 1, n, p, true);
  return tail(k, n, p, false);
}

}  // namespace geomx::run

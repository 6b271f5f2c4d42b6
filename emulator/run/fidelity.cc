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
    if (!off(*link.delay, link.asked.delay, link.asked.jitter)) return;
    reason(link, fmt::format("delay {} measured, {} asked", to_string(*link.delay, true), to_string(link.asked.delay)));
  }

  void round_trip(const LinkReport& link, const LinkReport& back) {
    if (!link.idle_rtt || !(link.asked.shaped() || back.asked.shaped())) return;
    measured_ = true;
    if (!off(*link.idle_rtt, link.expected_rtt, link.asked.jitter + back.asked.jitter)) return;
    reasons_.push_back(fmt::format("{}: idle round trip {} measured, {} expected", link.link,
                                   to_string(*link.idle_rtt, true), to_string(link.expected_rtt, true)));
  }

  void loss(const LinkReport& link) {
    if (link.asked.loss <= 0 || link.asked.loss >= 1) return;
    if (!measured(link, "loss", link.loss.has_value())) return;
    const std::uint64_t offered = link.packets + link.dropped_loss;
    const double each_side = (1 - thresholds_.loss_confidence) / 2;
    if (binomial_at_most(link.dropped_loss, offered, link.asked.loss) >= each_side &&
        binomial_at_least(link.dropped_loss, offered, link.asked.loss) >= each_side) {
      return;
    }
    reason(link, fmt::format("loss {:.3g}% measured over {} packets, {} asked", 100 * *link.loss, offered,
                             to_string(Probability{link.asked.loss})));
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

#pragma once

#include <string>
#include <vector>

#include "emulator/run/link_report.h"

// Whether a run's network was what the scenario asked for. Pure.
//
// | what                           | degraded when                              | judged when                      |
// |--------------------------------|--------------------------------------------|----------------------------------|
// | rate                           | above asked + 2 % or below asked - 5 %     | packets waited 100 ms or more    |
// | one-way delay; idle round trip | off by 0.5 ms and 2 % (plus asked jitter)  | a packet passed; ping answered   |
// | loss                           | outside the 99.9 % binomial interval       | loss was asked, packets passed   |
// | overruns                       | the machine lost a packet, not the link    | always                           |
// | timer lateness, 99th percentile| above 1 ms                                 | the wire has timed packets       |
//
// What was asked and could not be judged is named: a link that was never under load has not been shown to have its
// rate. A job that takes all of the CPU is no reason as long as the timers stay punctual.
namespace geomx::run {

struct Thresholds {
  double rate_above = 0.02;
  double rate_below = 0.05;
  Nanoseconds delay_absolute = std::chrono::microseconds(500);
  double delay_relative = 0.02;
  double loss_confidence = 0.999;
  Nanoseconds lateness = std::chrono::milliseconds(1);
};

enum class Verdict { faithful, degraded, not_measured };
const char* to_string(Verdict verdict);

// One thing that was asked of a direction of a link, and that this run could not measure.
struct NotMeasured {
  std::string direction;  // "wan-a central->a"
  std::string what;       // "rate", "delay", "loss"
  lab::LinkScope scope = lab::LinkScope::wan;
};

struct Fidelity {
  Verdict verdict = Verdict::not_measured;
  std::vector<std::string> reasons;  // of "degraded" (each names the link and direction) or of "not measured"
  std::vector<NotMeasured> not_measured;
};

Fidelity judge(const std::vector<LinkReport>& links, const Thresholds& thresholds = {});

// P(X <= k) and P(X >= k) for X ~ Binomial(n, p), 0 < p < 1, exact to double precision.
double binomial_at_most(std::uint64_t k, std::uint64_t n, double p);
double binomial_at_least(std::uint64_t k, std::uint64_t n, double p);

}  // namespace geomx::run

#include "emulator/run/fidelity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Both directions of wan-a, measured exactly as asked.
std::vector<LinkReport> good() {
  LinkReport report;
  report.link = "wan-a";
  report.direction = "central->a";
  report.shaper = shaper::Kind::wire;
  report.asked.rate = BitsPerSecond{100'000'000};
  report.asked.delay = milliseconds(30);
  report.rate = BitsPerSecond{99'900'000};
  report.delay = milliseconds(30) + microseconds(80);
  report.expected_rtt = milliseconds(60);
  report.idle_rtt = milliseconds(60) + microseconds(300);
  report.lateness = microseconds(200);
  report.packets = 10000;
  report.bytes = 10'000'000;
  LinkReport back = report;
  back.direction = "a->central";
  back.forward = false;
  return {report, back};
}

TEST(Fidelity, FaithfulWhereAllIsAsAsked) {
  const Fidelity fidelity = judge(good());
  EXPECT_EQ(fidelity.verdict, Verdict::faithful);
  EXPECT_THAT(fidelity.reasons, IsEmpty());
  EXPECT_THAT(fidelity.not_measured, IsEmpty());
}

TEST(Fidelity, NotMeasuredWhereNothingCouldBe) {
  EXPECT_EQ(judge({}).verdict, Verdict::not_measured);
  auto links = good();
  for (LinkReport& link : links) link.asked = {};
  for (LinkReport& link : links) link.lateness.reset();
  const Fidelity fidelity = judge(links);
  EXPECT_EQ(fidelity.verdict, Verdict::not_measured);
  EXPECT_EQ(fidelity.reasons.size(), 1u);
}

// One thing wrong at a time, on either side of its threshold.
struct Case {
  const char* name;
  void (*change)(LinkReport&);
  const char* reason;  // nullptr: still faithful
};

class FidelityThreshold : public testing::TestWithParam<Case> {};

TEST_P(FidelityThreshold, Holds) {
  auto links = good();
  GetParam().change(links[0]);
  const Fidelity fidelity = judge(links);
  if (GetParam().reason) {
    EXPECT_EQ(fidelity.verdict, Verdict::degraded);
    EXPECT_THAT(fidelity.reasons, ElementsAre(HasSubstr(GetParam().reason)));
  } else {
    EXPECT_EQ(fidelity.verdict, Verdict::faithful);
    EXPECT_THAT(fidelity.reasons, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, FidelityThreshold,
    testing::Values(
        Case{"rate_just_above", [](LinkReport& link) { link.rate->value = 101'900'000; }, nullptr},
        Case{"rate_above", [](LinkReport& link) { link.rate->value = 102'100'000; },
             "wan-a central->a: rate 102.1Mbit measured, 100Mbit asked (+2.1%)"},
        Case{"rate_just_below", [](LinkReport& link) { link.rate->value = 95'100'000; }, nullptr},
        Case{"rate_below", [](LinkReport& link) { link.rate->value = 94'000'000; }, "(-6.0%)"},
        Case{"rate_without_backlog", [](LinkReport& link) { link.rate.reset(); }, nullptr},
        Case{"delay_within_two_percent", [](LinkReport& link) { link.delay = microseconds(30'590); }, nullptr},
        Case{"delay_off", [](LinkReport& link) { link.delay = microseconds(30'610); }, "delay 30.61ms measured, 30ms"},
        Case{"delay_short", [](LinkReport& link) { link.delay = microseconds(29'000); }, "delay 29ms measured"},
        Case{"jitter_widens",
             [](LinkReport& link) {
               link.asked.jitter = milliseconds(1);
               link.delay = microseconds(31'500);
             },
             nullptr},
        Case{"small_delay_within_half_a_millisecond",
             [](LinkReport& link) {
               link.asked.delay = milliseconds(1);
               link.delay = microseconds(1'490);
             },
             nullptr},
        Case{"small_delay_off",
             [](LinkReport& link) {
               link.asked.delay = milliseconds(1);
               link.delay = microseconds(1'510);
             },
             "delay 1.51ms measured, 1ms asked"},
        Case{"round_trip_off", [](LinkReport& link) { link.idle_rtt = milliseconds(62); },
             "wan-a: idle round trip 62ms measured, 60ms expected"},
        Case{"overruns", [](LinkReport& link) { link.overruns = 7; }, "7 packets lost to this machine"},
        Case{"late", [](LinkReport& link) { link.lateness = milliseconds(3); }, "timers 3ms late"},
        Case{"loss_as_asked",
             [](LinkReport& link) {
               link.asked.loss = 0.01;
               link.dropped_loss = 100;
               link.loss = 100.0 / 10100;
             },
             nullptr},
        Case{"loss_missing",
             [](LinkReport& link) {
               link.asked.loss = 0.01;
               link.dropped_loss = 0;
               link.loss = 0;
             },
             "loss 0% measured over 10000 packets, 1% asked"},
        Case{"loss_too_high",
             [](LinkReport& link) {
               link.asked.loss = 0.01;
               link.dropped_loss = 150;
               link.loss = 150.0 / 10150;
             },
             "loss 1.48% measured"}),
    [](const auto& tested) { return tested.param.name; });

std::vector<std::string> names_of(const std::vector<NotMeasured>& items) {
  std::vector<std::string> names;
  for (const NotMeasured& item : items) names.push_back(item.direction + ": " + item.what);
  return names;
}

// What nobody has put to the test is not said to be right.
TEST(Fidelity, NamesWhatWasAskedAndNotMeasured) {
  auto links = good();
  links[0].rate.reset();
  links[1].asked.loss = 0.01;
  LinkReport lan;
  lan.link = "a-worker-0--a-switch";
  lan.direction = "a-worker-0->a-switch";
  lan.scope = lab::LinkScope::lan;
  lan.shaper = shaper::Kind::tc;
  lan.asked.rate = BitsPerSecond{10'000'000'000};
  links.push_back(lan);
  lan.asked = {};  // nothing was asked of this one
  lan.direction = "a-switch->a-worker-0";
  links.push_back(lan);
  const Fidelity fidelity = judge(links);
  EXPECT_EQ(fidelity.verdict, Verdict::faithful);  // of what was measured
  EXPECT_THAT(names_of(fidelity.not_measured), ElementsAre("wan-a central->a: rate", "wan-a a->central: loss",
                                                           "a-worker-0--a-switch a-worker-0->a-switch: rate"));
}

// Reference: summing the probability of every outcome, by Pascal's rule in long double.
double by_summation(std::uint64_t from, std::uint64_t to, std::uint64_t n, double p) {
  std::vector<long double> probability{1};
  for (std::uint64_t i = 0; i < n; ++i) {
    probability.push_back(0);
    for (std::size_t k = probability.size() - 1; k > 0; --k) {
      probability[k] = probability[k] * (1 - static_cast<long double>(p)) + probability[k - 1] * p;
    }
    probability[0] *= 1 - static_cast<long double>(p);
  }
  long double sum = 0;
  for (std::uint64_t k = from; k <= to; ++k) sum += probability[k];
  return static_cast<double>(sum);
}

TEST(Binomial, AgreesWithSummation) {
  for (const std::uint64_t n : {1u, 7u, 50u, 400u}) {
    for (const double p : {0.001, 0.01, 0.3, 0.5, 0.99}) {
      for (std::uint64_t k = 0; k <= n; k += 1 + n / 13) {
        EXPECT_NEAR(binomial_at_most(k, n, p), by_summation(0, k, n, p), 1e-11) << n << " " << p << " " << k;
        EXPECT_NEAR(binomial_at_least(k, n, p), by_summation(k, n, n, p), 1e-11) << n << " " << p << " " << k;
      }
    }
  }
}

TEST(Binomial, TakesLargeNumbers) {
  const std::uint64_t n = 10'000'000;
  EXPECT_NEAR(binomial_at_most(100'000, n, 0.01), 0.5, 0.01);
  EXPECT_NEAR(binomial_at_least(100'000, n, 0.01), 0.5, 0.01);
  EXPECT_LT(binomial_at_least(102'000, n, 0.01), 1e-6);
  EXPECT_LT(binomial_at_most(98'000, n, 0.01), 1e-6);
}

}  // namespace
}  // namespace geomx::run

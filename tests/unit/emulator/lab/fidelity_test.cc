#include "emulator/lab/fidelity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace geomx::lab {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// One direction of 100 Mbit/s and 30 ms, told of once a second; each second does what `second` says.
class Monitored : public testing::Test {
 protected:
  Monitored() {
    direction_.link = "wan-a";
    direction_.label = "central->a";
    direction_.asked.rate = BitsPerSecond{100'000'000};
    direction_.asked.delay = milliseconds(30);
    tell();
  }

  struct Second {
    double megabits = 0;  // while busy, all of the second; 0: nothing waits
    std::uint64_t packets = 1000;
    double delay_ms = 30.05;
    std::uint64_t lost = 0;
    std::uint64_t late = 0;
    std::uint64_t overruns = 0;
  };
  void pass(const Second& second, int times = 1) {
    for (int i = 0; i < times; ++i) {
      auto& counted = direction_.counted;
      const double sum = static_cast<double>(std::max<std::int64_t>(counted.delay_nanoseconds, 0)) *
                         static_cast<double>(counted.packets);
      counted.packets += second.packets;
      if (second.packets > 0) {
        counted.delay_nanoseconds = static_cast<std::int64_t>(
            (sum + 1e6 * second.delay_ms * static_cast<double>(second.packets)) / static_cast<double>(counted.packets));
      }
      counted.timed_packets += second.packets;
      counted.late_packets += second.late;
      counted.dropped_loss += second.lost;
      counted.overruns += second.overruns;
      if (second.megabits > 0) {
        counted.busy_nanoseconds += 1'000'000'000;
        counted.busy_bytes += static_cast<std::uint64_t>(second.megabits * 1e6 / 8);
      }
      time_ += 1;
      machine_.time = time_;
      *machine_.waiting_microseconds += 900'000;
      tell();
    }
  }
  void tell() { monitor_.observe(time_, {direction_}, machine_); }

  double time_ = 1000;
  MachineReading machine_{1000, 0, 0, 0, 0, std::nullopt};
  WatchedDirection direction_;
  FidelityMonitor monitor_;
};

TEST_F(Monitored, NothingIsJudgedWhereNothingPasses) {
  pass({.packets = 0, .delay_ms = 0}, 5);
  EXPECT_EQ(monitor_.overall(), Judgement::not_measured);
  EXPECT_THAT(monitor_.windows(), IsEmpty());
}

TEST_F(Monitored, FaithfulWhereAllIsAsAsked) {
  pass({.megabits = 99.8}, 5);
  EXPECT_EQ(monitor_.overall(), Judgement::faithful);
  EXPECT_EQ(monitor_.now(), Judgement::faithful);
  EXPECT_THAT(monitor_.deviations(), IsEmpty());
  ASSERT_THAT(monitor_.windows(), SizeIs(1));
  EXPECT_NEAR(*monitor_.windows()[0].bits_per_second, 99.8e6, 1);
  EXPECT_NEAR(*monitor_.windows()[0].delay, 0.03005, 1e-6);
  EXPECT_EQ(monitor_.judged().at(0).aspects.size(), 4u);
}

TEST_F(Monitored, OneBadSecondIsNotTheRuns) {
  pass({.megabits = 99.8}, 5);
  pass({.megabits = 50});
  EXPECT_EQ(monitor_.now(), Judgement::degraded);
  EXPECT_EQ(monitor_.now("wan-a", true), Judgement::degraded);
  EXPECT_EQ(monitor_.overall(), Judgement::faithful);
  pass({.megabits = 99.8});
  EXPECT_EQ(monitor_.now(), Judgement::faithful);
}

TEST_F(Monitored, SaysWhatByHowMuchAndSinceWhen) {
  pass({.megabits = 99.8}, 5);  // the first is not judged: what was asked before may still show in it
  pass({.megabits = 70}, 2);
  pass({.megabits = 61.2}, 2);
  EXPECT_EQ(monitor_.overall(), Judgement::degraded);
  ASSERT_THAT(monitor_.deviations(), SizeIs(1));
  const Deviation deviation = monitor_.deviations()[0];
  EXPECT_EQ(deviation.aspect, Aspect::rate);
  EXPECT_EQ(deviation.since, 1005);
  EXPECT_EQ(deviation.seconds, 4);
  EXPECT_EQ(deviation.judged, 8);
  EXPECT_TRUE(deviation.now);
  EXPECT_NEAR(*deviation.cpu_pressure, 0.9, 1e-6);
  EXPECT_EQ(describe(deviation),
            "wan-a central->a: rate 61.2Mbit measured, 100Mbit asked (-38.8%); off for 4 of 8 s, CPU pressure 90%");
  pass({.megabits = 99.8});
  EXPECT_FALSE(monitor_.deviations()[0].now);
  EXPECT_EQ(monitor_.overall(), Judgement::degraded);  // it was
}

struct Case {
  const char* name;
  Aspect aspect;
  double delay_ms;
  std::uint64_t late;
  std::uint64_t overruns;
  const char* worst;  // nullptr: as asked
};
class MonitoredThreshold : public Monitored, public testing::WithParamInterface<Case> {};

TEST_P(MonitoredThreshold, Holds) {
  pass({.delay_ms = GetParam().delay_ms, .late = GetParam().late, .overruns = GetParam().overruns}, 4);
  if (GetParam().worst == nullptr) {
    EXPECT_EQ(monitor_.overall(), Judgement::faithful);
    return;
  }
  EXPECT_EQ(monitor_.overall(), Judgement::degraded);
  ASSERT_THAT(monitor_.deviations(), SizeIs(1));
  EXPECT_EQ(monitor_.deviations()[0].aspect, GetParam().aspect);
  EXPECT_THAT(monitor_.deviations()[0].worst, HasSubstr(GetParam().worst));
}

INSTANTIATE_TEST_SUITE_P(
    Each, MonitoredThreshold,
    testing::Values(Case{"delay_within", Aspect::delay, 30.59, 0, 0, nullptr},
                    Case{"delay_off", Aspect::delay, 30.61, 0, 0, "delay 30.61ms measured, 30ms asked"},
                    Case{"delay_short", Aspect::delay, 29.3, 0, 0, "delay 29.3ms measured"},
                    Case{"lateness_within", Aspect::lateness, 30, 10, 0, nullptr},
                    Case{"late", Aspect::lateness, 30, 250, 0, "25% of the packets left more than 1ms late"},
                    Case{"overrun", Aspect::overruns, 30, 0, 3, "3 packets lost to this machine"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(Monitored, LossIsJudgedOverAllThatHasPassed) {
  direction_.asked.loss = 0.01;
  tell();
  pass({.packets = 990, .lost = 10}, 5);  // the first is not settled
  EXPECT_EQ(monitor_.overall(), Judgement::faithful);
  pass({.packets = 975, .lost = 25}, 2);  // 90 where 60 are asked: chance does that
  EXPECT_EQ(monitor_.now(), Judgement::faithful);
  pass({.packets = 940, .lost = 60}, 4);
  EXPECT_EQ(monitor_.overall(), Judgement::degraded);
  EXPECT_THAT(monitor_.deviations().at(0).worst, HasSubstr("measured over 10000 packets, 1% asked"));
}

// Each stretch is held against what was asked in it, and packets of the old setting are not held against the new.
TEST_F(Monitored, ALiveChangeIsCountedIn) {
  pass({.megabits = 99.8}, 5);
  direction_.asked.rate = BitsPerSecond{10'000'000};
  direction_.asked.delay = milliseconds(80);
  tell();
  pass({.megabits = 12, .packets = 800, .delay_ms = 60});  // half of them still travelled by the old one
  pass({.megabits = 9.98, .packets = 800, .delay_ms = 80.1}, 4);
  EXPECT_EQ(monitor_.overall(), Judgement::faithful);
  EXPECT_THAT(monitor_.deviations(), IsEmpty());
  pass({.megabits = 99.8, .delay_ms = 30}, 5);  // as if nothing had been asked
  EXPECT_EQ(monitor_.overall(), Judgement::degraded);
  EXPECT_THAT(monitor_.deviations(), SizeIs(2));
}

TEST_F(Monitored, WhatAForgottenLinkDidIsNotJudged) {
  pass({.megabits = 99.8}, 3);
  monitor_.forget("wan-a");
  pass({.megabits = 20}, 2);
  EXPECT_THAT(monitor_.deviations(), IsEmpty());
  pass({.megabits = 20});
  EXPECT_THAT(monitor_.deviations(), SizeIs(1));
}

TEST_F(Monitored, ALinkMadeAnewCountsFromNothing) {
  pass({.megabits = 99.8}, 3);
  direction_.counted = {};
  tell();
  pass({.megabits = 99.8}, 3);
  EXPECT_EQ(monitor_.overall(), Judgement::faithful);
  monitor_.observe(time_ + 1, {}, machine_);
  EXPECT_EQ(monitor_.overall(), Judgement::not_measured);  // of what there is
}

// Few packets say nothing about a rate: on a slow link one frame more or less is a fifth of a second's.
TEST_F(Monitored, ASlowLinkIsJudgedOverSeveralSeconds) {
  direction_.asked.rate = BitsPerSecond{64'000};
  tell();
  pass({.megabits = 0.048, .packets = 4}, 10);
  EXPECT_EQ(monitor_.now("wan-a", true), Judgement::faithful);  // the delay's
  EXPECT_THAT(monitor_.deviations(), IsEmpty());
  pass({.megabits = 0.048, .packets = 4}, 20);
  ASSERT_THAT(monitor_.deviations(), SizeIs(1));
  EXPECT_GE(monitor_.deviations()[0].seconds, 20);
}

}  // namespace
}  // namespace geomx::lab

#include "trainer/cost/cost_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <future>
#include <thread>
#include <vector>

#include "trainer/cost/profile_recorder.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

// A clock that goes on when somebody sleeps, each time a little late.
class PlayedTimer : public Timer {
 public:
  explicit PlayedTimer(Clock::duration lateness = {}) : lateness_(lateness) {}
  Clock::time_point now() const override { return now_; }
  void sleep_until(Clock::time_point when) override {
    if (when > now_) now_ = when + lateness_;
  }
  void pass(Clock::duration time) { now_ += time; }
  double milliseconds() const { return std::chrono::duration<double, std::milli>(now_.time_since_epoch()).count(); }

 private:
  Clock::time_point now_{};
  Clock::duration lateness_;
};

// Two layers: a weight and a bias of 1 ms and 2 ms, and a weight of 3 ms and 6 ms; for a batch of 4.
Profile two_layers() {
  return {"two", "by hand", 4, {{{"a", {8}}, 0, 0}, {{"b", {2}}, 1, 2}, {{"c", {5}}, 3, 6}}};
}

struct Event {
  std::size_t tensor;
  double milliseconds;
  bool operator==(const Event& other) const {
    return tensor == other.tensor && std::abs(milliseconds - other.milliseconds) < 1e-3;
  }
};
void PrintTo(const Event& event, std::ostream* out) {
  *out << event.tensor << " at " << event.milliseconds;
}

struct Steps {
  std::vector<Event> needed;
  std::vector<Event> ready;
};
Steps step(Backend& backend, PlayedTimer& timer, std::size_t batch, const Backend::OnNeeded& also = {}) {
  Steps steps;
  const std::vector<std::uint8_t> labels(batch);
  const double loss = backend.step(
      {{}, labels},
      [&](std::size_t tensor) {
        steps.needed.push_back({tensor, timer.milliseconds()});
        if (also) also(tensor);
      },
      [&](std::size_t tensor) {
        steps.ready.push_back({tensor, timer.milliseconds()});
      });
  EXPECT_TRUE(std::isnan(loss));
  return steps;
}

TEST(CostBackend, NeedsAndHasEachTensorWhenTheProfileSays) {
  PlayedTimer timer;
  const auto backend = make_cost_backend(two_layers(), {}, 4, 1, 0, timer);
  const Steps steps = step(*backend, timer, 4);
  EXPECT_THAT(steps.needed, ElementsAre(Event{0, 0}, Event{1, 0}, Event{2, 1}));
  EXPECT_THAT(steps.ready, ElementsAre(Event{2, 10}, Event{1, 12}, Event{0, 12}));
  EXPECT_NEAR(timer.milliseconds(), 12, 1e-6);
}

TEST(CostBackend, LatenessDoesNotAddUp) {
  PlayedTimer timer(40us);
  const auto backend = make_cost_backend(two_layers(), {}, 4, 1, 0, timer);
  const Steps steps = step(*backend, timer, 4);
  EXPECT_THAT(steps.ready, ElementsAre(Event{2, 10.04}, Event{1, 12.04}, Event{0, 12.04}));
}

TEST(CostBackend, WhatComesAfterAParameterThatIsLateIsAsMuchLater) {
  PlayedTimer timer;
  const auto backend = make_cost_backend(two_layers(), {}, 4, 1, 0, timer);
  const Steps steps = step(*backend, timer, 4, [&](std::size_t tensor) {
    if (tensor == 2) timer.pass(7ms);
  });
  EXPECT_THAT(steps.ready, ElementsAre(Event{2, 17}, Event{1, 19}, Event{0, 19}));
}

TEST(CostBackend, TimesAreScaled) {
  const auto lasts = [](const CostOptions& options, std::size_t batch) {
    PlayedTimer timer;
    step(*make_cost_backend(two_layers(), options, batch, 1, 0, timer), timer, batch);
    return timer.milliseconds();
  };
  EXPECT_NEAR(lasts({}, 8), 24, 1e-3);  // with the batch
  EXPECT_NEAR(lasts({.straggler = 3}, 4), 36, 1e-3);
  EXPECT_NEAR(lasts({.compute_seconds = 0.5}, 4), 500, 1e-3);
  EXPECT_NEAR(lasts({.compute_seconds = 0.5}, 8), 500, 1e-3);
  EXPECT_NEAR(lasts({.compute_seconds = 0.5, .straggler = 2}, 8), 1000, 1e-3);
}

TEST(CostBackend, JitterIsLognormalAndFollowsFromSeedWorkerAndStep) {
  constexpr int kSteps = 20'000;
  double sum = 0;
  double squares = 0;
  int above = 0;
  for (std::uint64_t i = 1; i <= kSteps; ++i) {
    const double factor = jitter_factor(0.2, 7, 3, i);
    EXPECT_GT(factor, 0);
    sum += factor;
    squares += factor * factor;
    above += factor > 1 / std::sqrt(1 + 0.2 * 0.2) ? 1 : 0;
  }
  const double mean = sum / kSteps;
  EXPECT_NEAR(mean, 1, 5 * 0.2 / std::sqrt(kSteps));
  EXPECT_NEAR(std::sqrt(squares / kSteps - mean * mean), 0.2, 0.01);
  EXPECT_NEAR(above, kSteps / 2, 5 * std::sqrt(kSteps) / 2);  // the median of a lognormal distribution
  EXPECT_EQ(jitter_factor(0.2, 7, 3, 1), jitter_factor(0.2, 7, 3, 1));
  EXPECT_NE(jitter_factor(0.2, 7, 3, 1), jitter_factor(0.2, 7, 4, 1));
  EXPECT_NE(jitter_factor(0.2, 7, 3, 1), jitter_factor(0.2, 8, 3, 1));
  EXPECT_EQ(jitter_factor(0, 7, 3, 1), 1);
}

TEST(CostBackend, AStepsJitterIsThatOfItsNumber) {
  PlayedTimer timer;
  const auto backend = make_cost_backend(two_layers(), {.jitter = 0.3}, 4, 9, 2, timer);
  double before = 0;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    step(*backend, timer, 4);
    EXPECT_NEAR(timer.milliseconds() - before, 12 * jitter_factor(0.3, 9, 2, i), 1e-3);
    before = timer.milliseconds();
  }
}

TEST(CostBackend, HasNoValues) {
  PlayedTimer timer;
  Profile huge = two_layers();
  huge.tensors[0].spec.shape = {1'000'000, 1'000'000};  // 4 TB
  const auto backend = make_cost_backend(huge, {}, 4, 1, 0, timer);
  EXPECT_FALSE(backend->parameters().has_values());
  EXPECT_EQ(backend->parameters().spec(0).size(), 1'000'000'000'000u);
  EXPECT_TRUE(backend->parameters()[0].empty());
  EXPECT_TRUE(backend->gradients()[2].empty());
  EXPECT_THROW(backend->score({}), Error);
  const std::vector<std::uint8_t> labels(5);
  EXPECT_THROW(backend->step({{}, labels}, [](std::size_t) {}), Error);
}

TEST(CostBackend, RefusesWhatIsOutOfRange) {
  PlayedTimer timer;
  const auto make = [&](const CostOptions& options, std::size_t batch = 4) {
    make_cost_backend(two_layers(), options, batch, 1, 0, timer);
  };
  EXPECT_THROW(make({}, 0), Error);
  EXPECT_THROW(make({.jitter = -0.1}), Error);
  EXPECT_THROW(make({.jitter = std::nan("")}), Error);
  EXPECT_THROW(make({.straggler = 0}), Error);
  EXPECT_THROW(make({.compute_seconds = 0}), Error);
}

TEST(RealTimer, SleepsUntilItIsTimeAndNoLonger) {
  RealTimer timer;
  const auto start = timer.now();
  timer.sleep_until(start + 20ms);
  EXPECT_GE(timer.now(), start + 20ms);
  timer.sleep_until(start);  // past
}

TEST(RealTimer, WhoeverSleepsIsToldWhyItEnds) {
  RealTimer timer;
  auto sleeper = std::async(std::launch::async, [&] { timer.sleep_until(timer.now() + 1h); });
  timer.end("ended by SIGINT");
  timer.end("another reason");
  ASSERT_EQ(sleeper.wait_for(10s), std::future_status::ready);
  try {
    sleeper.get();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "ended by SIGINT");
  }
  EXPECT_THROW(timer.sleep_until(timer.now() + 1h), Error);  // from then on
}

// What a step of known cost is recorded as. The real time is used, so bounds are wide.
TEST(ProfileRecorder, RecordsWhatAStepComputesAndNotWhatItsCallerDoes) {
  RealTimer timer;
  ProfileRecorder recorder(make_cost_backend(two_layers(), {}, 8, 1, 0, timer));
  EXPECT_THROW(recorder.profile("none", "yet"), Error);
  const std::vector<std::uint8_t> labels(8);
  for (int i = 0; i < 8; ++i) {
    recorder.step(
        {{}, labels}, [&](std::size_t) {},
        [&](std::size_t tensor) {
          if (tensor == 2) timer.sleep_until(timer.now() + 1ms);  // within the time that the model takes anyway
        });
  }
  const Profile profile = recorder.profile("again", "here");
  EXPECT_EQ(profile.batch_size, 8u);
  EXPECT_EQ(profile.parameters(), two_layers().parameters());
  EXPECT_NEAR(profile.tensors[0].forward_ms, 0, 1);
  EXPECT_NEAR(profile.tensors[1].forward_ms, 2, 1);
  // Forward 6 and backward 12 of the last layer, of which a third is taken for forward.
  EXPECT_NEAR(profile.tensors[2].forward_ms, 6, 2);
  EXPECT_NEAR(profile.tensors[2].backward_ms, 12, 2);
  EXPECT_NEAR(profile.tensors[1].backward_ms, 3, 1.5);  // 4, less the caller's
  EXPECT_NEAR(profile.tensors[0].backward_ms, 0, 1);
}

}  // namespace
}  // namespace geomx::trainer

#include "ps/worker/road_clock.h"

#include <gtest/gtest.h>

namespace geomx::ps {
namespace {

using std::chrono::milliseconds;

constexpr NodeId kServer{Role::server, 0};
constexpr NodeId kOther{Role::server, 1};

RoadTimes::TimePoint at(int time) {
  return RoadTimes::TimePoint(milliseconds(time));
}

int ms(RoadTimes::TimePoint time) {
  return static_cast<int>(std::chrono::round<milliseconds>(time.time_since_epoch()).count());
}

// A server whose clock is `ahead`: a push takes `there`, is held and comes `back`.
struct Exchange {
  int sent = 0;
  int there = 0;
  int held = 0;
  int back = 0;
};

void note(RoadClock& clock, const Exchange& exchange, int ahead = 100'000, NodeId server = kServer) {
  proto::Data answer;
  answer.set_arrived(static_cast<std::uint64_t>(1000) *
                     static_cast<std::uint64_t>(exchange.sent + exchange.there + ahead));
  answer.set_held(static_cast<std::uint64_t>(1000) * static_cast<std::uint64_t>(exchange.held));
  clock.note(server, at(exchange.sent), at(exchange.sent + exchange.there + exchange.held + exchange.back), answer);
}

TEST(RoadClock, SplitsAnExchangeWhoseRoadsAreAlike) {
  RoadClock clock;
  note(clock, {.sent = 1000, .there = 30, .held = 50, .back = 30});
  const auto times = clock.take();
  ASSERT_TRUE(times);
  EXPECT_EQ(ms(times->pushed), 1030);
  EXPECT_EQ(ms(times->answered), 1080);
  EXPECT_EQ(ms(times->received), 1110);
  EXPECT_FALSE(clock.take());
}

// The shortest exchange says what the clock is; so a long push is told from a long pull.
TEST(RoadClock, TellsALongPushFromALongPull) {
  RoadClock clock;
  note(clock, {.sent = 1000, .there = 30, .held = 5, .back = 30});
  clock.take();
  note(clock, {.sent = 2000, .there = 400, .held = 5, .back = 30});
  auto times = clock.take();
  EXPECT_EQ(ms(times->pushed), 2400);
  EXPECT_EQ(ms(times->answered), 2405);
  note(clock, {.sent = 3000, .there = 30, .held = 5, .back = 400});
  times = clock.take();
  EXPECT_EQ(ms(times->pushed), 3030);
  EXPECT_EQ(ms(times->answered), 3035);
  EXPECT_EQ(ms(times->received), 3435);
}

TEST(RoadClock, TheLastOfARoundsExchangesCounts) {
  RoadClock clock;
  note(clock, {.sent = 1000, .there = 10, .held = 100, .back = 10});
  note(clock, {.sent = 1010, .there = 10, .held = 30, .back = 10}, 70, kOther);
  note(clock, {.sent = 1020, .there = 10, .held = 5, .back = 10});
  const auto times = clock.take();
  EXPECT_EQ(ms(times->pushed), 1030);
  EXPECT_EQ(ms(times->answered), 1110);
  EXPECT_EQ(ms(times->received), 1120);
}

// 100 ppm in 100 s are 10 ms: an exchange that is as good as the best, but for that, is believed again.
TEST(RoadClock, ForgetsWhatDriftHasMadeOld) {
  RoadClock clock;
  note(clock, {.sent = 0, .there = 10, .held = 0, .back = 10});
  clock.take();
  note(clock, {.sent = 100'000, .there = 12, .held = 0, .back = 12}, 100'010);
  const auto times = clock.take();
  EXPECT_EQ(ms(times->pushed), 100'012);
}

TEST(RoadClock, NothingOfAnswersWithoutAStamp) {
  RoadClock clock;
  clock.note(kServer, at(0), at(10), proto::Data());
  EXPECT_FALSE(clock.take());
}

// Whatever a server says, the times are in order and within the exchange.
TEST(RoadClock, StaysWithinTheExchange) {
  RoadClock clock;
  proto::Data answer;
  answer.set_arrived(5'000'000);
  answer.set_held(60'000'000);
  clock.note(kServer, at(100), at(110), answer);
  const auto times = clock.take();
  EXPECT_GE(times->pushed, at(100));
  EXPECT_LE(times->pushed, times->answered);
  EXPECT_LE(times->answered, at(110));
}

}  // namespace
}  // namespace geomx::ps

#include "emulator/shaper/tc_meter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace geomx::shaper {
namespace {

using std::chrono::milliseconds;

constexpr BitsPerSecond kRate{8'000'000};  // 1000 bytes per ms

TEST(BusyTime, CountsWhileMoreWaitsThanCanLeave) {
  BusyTime busy;
  busy.add({milliseconds(0), 0, 15'000}, kRate);
  EXPECT_EQ(busy.nanoseconds(), 0u);
  busy.add({milliseconds(10), 10'000, 15'000}, kRate);
  busy.add({milliseconds(20), 20'000, 14'000}, kRate);
  EXPECT_EQ(busy.nanoseconds(), 20'000'000u);
  EXPECT_EQ(busy.bytes(), 20'000u);
  // 14000 bytes may have left before the next look, and the link may have been idle since.
  busy.add({milliseconds(32), 30'000, 50'000}, kRate);
  EXPECT_EQ(busy.nanoseconds(), 20'000'000u);
  // The backlog was enough for 40 ms at most.
  busy.add({milliseconds(75), 60'000, 50'000}, kRate);
  EXPECT_EQ(busy.nanoseconds(), 20'000'000u);
}

TEST(BusyTime, ALinkThatIsFasterOrSlowerThanAskedIsSeen) {
  BusyTime slow;
  BusyTime fast;
  for (int i = 0; i <= 10; ++i) {
    const auto n = static_cast<std::uint64_t>(i);
    slow.add({i * milliseconds(10), n * 5'000, 20'000}, kRate);
    fast.add({i * milliseconds(10), n * 50'000, 20'000}, kRate);
  }
  EXPECT_EQ(slow.bytes() * 1'000'000 / slow.nanoseconds(), 500u);
  EXPECT_EQ(fast.bytes() * 1'000'000 / fast.nanoseconds(), 5000u);
}

TEST(BusyTime, ForgetsWhatAChangeMakesMeaningless) {
  BusyTime busy;
  busy.add({milliseconds(0), 0, 50'000}, kRate);
  busy.forget();
  busy.add({milliseconds(10), 10'000, 50'000}, kRate);
  EXPECT_EQ(busy.nanoseconds(), 0u);
  busy.add({milliseconds(20), 0, 50'000}, kRate);  // another qdisc: it counts from zero
  EXPECT_EQ(busy.nanoseconds(), 0u);
}

class Counted final : public Metered {
 public:
  explicit Counted(Nanoseconds period) : period_(period) {}
  Nanoseconds look() override {
    const std::lock_guard lock(mutex_);
    ++looks_;
    changed_.notify_all();
    return period_;
  }
  bool reaches(int looks) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return looks_ >= looks; });
  }
  int looks() {
    const std::lock_guard lock(mutex_);
    return looks_;
  }

 private:
  Nanoseconds period_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int looks_ = 0;
};

TEST(TcMeter, LooksAsOftenAsItIsAskedTo) {
  Counted often(milliseconds(2));
  Counted seldom(milliseconds(20));
  TcMeter meter;
  meter.add(often);
  meter.add(seldom);
  ASSERT_TRUE(often.reaches(60));
  EXPECT_GE(seldom.looks(), 1);
  EXPECT_LE(seldom.looks(), 20);
  meter.remove(often);
  const int looks = often.looks();
  ASSERT_TRUE(seldom.reaches(seldom.looks() + 2));
  EXPECT_EQ(often.looks(), looks);
  meter.remove(seldom);
}

TEST(TcMeter, ComesRoundToEveryOneOfMany) {
  std::vector<std::unique_ptr<Counted>> many;
  TcMeter meter;
  for (int i = 0; i < 200; ++i) many.push_back(std::make_unique<Counted>(Nanoseconds(1)));
  for (const auto& each : many) meter.add(*each);
  for (const auto& each : many) EXPECT_TRUE(each->reaches(2));
  for (const auto& each : many) meter.remove(*each);
}

TEST(TcMeter, LooksAgainBeforeWhatWaitsCanHaveLeft) {
  EXPECT_EQ(until_next_look(15'000, kRate), milliseconds(5));
  EXPECT_EQ(until_next_look(1'000'000, kRate), milliseconds(10));
  EXPECT_EQ(until_next_look(100, kRate), std::chrono::microseconds(500));
}

}  // namespace
}  // namespace geomx::shaper

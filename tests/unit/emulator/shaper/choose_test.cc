#include <gtest/gtest.h>

#include "emulator/base/error.h"
#include "emulator/shaper/describe.h"
#include "emulator/shaper/features.h"
#include "emulator/shaper/tc.h"

namespace geomx::shaper {
namespace {

using std::chrono::milliseconds;

constexpr KernelFeatures kFirecracker{.tbf = true, .packet_vnet = true, .rcvbuf_force = true};
constexpr KernelFeatures kDebian12{.tbf = true, .netem = true, .packet_vnet = true};
constexpr KernelFeatures kNew{.tbf = true, .netem = true, .netem_seed = true, .packet_vnet = true};

Direction rate(std::uint64_t megabits) {
  Direction direction;
  direction.rate = BitsPerSecond{megabits * 1'000'000};
  direction.queue = ByteLimit{100'000};
  return direction;
}

TEST(Choose, NothingForAnUnshapedLink) {
  EXPECT_EQ(choose({}, {}, {}, Choice::auto_), Kind::none);
  EXPECT_EQ(choose({}, {}, {}, Choice::wire), Kind::none);
}

TEST(Choose, TcForARateAlone) {
  EXPECT_EQ(choose(rate(100), rate(100), kFirecracker, Choice::auto_), Kind::tc);
  EXPECT_EQ(choose(rate(100), {}, kFirecracker, Choice::auto_), Kind::tc);
  EXPECT_EQ(choose(rate(100), rate(100), kFirecracker, Choice::wire), Kind::wire);
}

TEST(Choose, TheWireForWhatTcDoesOnlyNearly) {
  Direction packets = rate(100);
  packets.queue = PacketLimit{500};
  EXPECT_EQ(choose(packets, {}, kNew, Choice::auto_), Kind::wire);
  EXPECT_EQ(choose(packets, {}, kNew, Choice::tc), Kind::tc);
  EXPECT_EQ(choose(rate(1), {}, kNew, Choice::auto_), Kind::wire);
  EXPECT_EQ(choose(rate(1), {}, kNew, Choice::tc), Kind::tc);
}

TEST(Choose, ADelayNeedsNetem) {
  Direction direction = rate(100);
  direction.delay = milliseconds(30);
  EXPECT_EQ(choose(direction, direction, kFirecracker, Choice::auto_), Kind::wire);
  EXPECT_EQ(choose(direction, direction, kDebian12, Choice::auto_), Kind::tc);
  try {
    choose(direction, direction, kFirecracker, Choice::tc);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(error.line().find("netem"), std::string::npos) << error.line();
  }
}

TEST(Choose, ASeededLossNeedsAnewerNetem) {
  Direction direction;
  direction.loss = 0.01;
  EXPECT_EQ(choose(direction, {}, kDebian12, Choice::auto_), Kind::tc);
  direction.seed = 7;
  EXPECT_EQ(choose(direction, {}, kDebian12, Choice::auto_), Kind::wire);
  EXPECT_EQ(choose(direction, {}, kNew, Choice::auto_), Kind::tc);
}

TEST(Choose, OneDirectionDecidesForBoth) {
  Direction jitter;
  jitter.jitter = milliseconds(1);
  EXPECT_EQ(choose(rate(100), jitter, kNew, Choice::auto_), Kind::wire);
  EXPECT_EQ(choose(jitter, rate(100), kNew, Choice::auto_), Kind::wire);
}

TEST(Choose, NeverSilentlyNothing) {
  Direction direction = rate(100);
  direction.loss = 0.01;
  EXPECT_THROW(choose(direction, {}, KernelFeatures{}, Choice::auto_), InputError);
  EXPECT_THROW(choose(direction, {}, KernelFeatures{}, Choice::wire), InputError);
  EXPECT_THROW(choose(direction, {}, kNew, Choice::tc), InputError);  // loss after the rate
}

TEST(TcStages, ARateIsOneTbf) {
  const auto stages = tc_stages(rate(100), 1500);
  ASSERT_EQ(stages.size(), 1u);
  const auto& tbf = std::get<netlink::Tbf>(stages[0].kind);
  EXPECT_EQ(tbf.rate.value, 100'000'000u);
  EXPECT_EQ(tbf.limit, 100'000u);
  EXPECT_EQ(tbf.burst.value, 1514u + 12500);
}

TEST(TcStages, ATinyQueueStillSends) {
  Direction direction = rate(100);
  direction.queue = ByteLimit{100};
  EXPECT_EQ(std::get<netlink::Tbf>(tc_stages(direction, 1500)[0].kind).limit, 1514u);
  direction.queue = PacketLimit{10};
  EXPECT_EQ(std::get<netlink::Tbf>(tc_stages(direction, 1500)[0].kind).limit, 15140u);
}

TEST(TcStages, TheDelayLineStaysOutOfTheQueue) {
  Direction direction = rate(100);
  direction.delay = milliseconds(30);
  const auto stages = tc_stages(direction, 1500);
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<netlink::Netem>(stages[0].kind));
  EXPECT_EQ(std::get<netlink::Tbf>(stages[1].kind).limit, 100'000u);
}

TEST(TcStages, LossActsOnPacketsAndNotOnSuperFrames) {
  Direction direction;
  direction.loss = 0.01;
  const auto stages = tc_stages(direction, 1500);
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_EQ(std::get<netlink::Tbf>(stages[0].kind).burst.value, 1514u);
  EXPECT_DOUBLE_EQ(std::get<netlink::Netem>(stages[1].kind).loss.value, 0.01);
}

TEST(TcStages, NoneForAnUnshapedDirection) {
  EXPECT_TRUE(tc_stages({}, 1500).empty());
}

TEST(TbfBurst, HoldsAFrameAndAMillisecond) {
  EXPECT_EQ(tbf_burst(BitsPerSecond{1'000'000}, 1500).value, 1514u + 125);
  EXPECT_EQ(tbf_burst(BitsPerSecond{1'000'000'000}, 1500).value, 1514u + 125'000);
  EXPECT_EQ(tbf_burst(BitsPerSecond{10'000'000'000}, 1500).value, 131'072u);
}

TEST(Describe, SaysWhatIsAsked) {
  EXPECT_EQ(describe(Direction{}), "unshaped");
  Direction direction = rate(100);
  direction.delay = milliseconds(30);
  direction.jitter = milliseconds(1);
  direction.loss = 0.001;
  direction.queue = PacketLimit{500};
  direction.seed = 7;
  EXPECT_EQ(describe(direction), "rate 100Mbit delay 30ms jitter 1ms loss 0.1% queue 500packets seed 7");
}

}  // namespace
}  // namespace geomx::shaper

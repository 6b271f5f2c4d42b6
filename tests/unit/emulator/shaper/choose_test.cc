#include <gtest/gtest.h>

#include <functional>

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

TEST(Choose, ChanceAlsoByNetem) {
  const auto by = [](auto&& give, const KernelFeatures& features) {
    Direction direction;
    direction.delay = milliseconds(30);
    give(direction);
    return choose(direction, {}, features, Choice::auto_);
  };
  const auto duplicate = [](Direction& d) { d.duplicate = 0.1; };
  const auto reorder = [](Direction& d) { d.reorder = 0.1; };
  const auto corrupt = [](Direction& d) { d.corrupt = 0.1; };
  const auto bursts = [](Direction& d) { d.gilbert_elliott = GilbertElliott{0.01, 0.1, 0, 1}; };
  const auto free_jitter = [](Direction& d) {
    d.jitter = milliseconds(1);
    d.keeps_order = false;
  };
  for (const std::function<void(Direction&)>& give :
       {std::function<void(Direction&)>(duplicate), std::function<void(Direction&)>(reorder),
        std::function<void(Direction&)>(corrupt), std::function<void(Direction&)>(bursts),
        std::function<void(Direction&)>(free_jitter)}) {
    EXPECT_EQ(by(give, kDebian12), Kind::tc);
    EXPECT_EQ(by(give, kFirecracker), Kind::wire);
    const auto with = [&give](auto&& more) {
      return [&give, more](Direction& d) {
        give(d);
        more(d);
      };
    };
    EXPECT_EQ(by(with([](Direction& d) { d.seed = 1; }), kDebian12), Kind::wire);
    EXPECT_EQ(by(with([](Direction& d) { d.seed = 1; }), kNew), Kind::tc);
    EXPECT_EQ(by(with([](Direction& d) { d.rate = BitsPerSecond{100'000'000}; }), kNew), Kind::wire);
  }
  EXPECT_EQ(by([](Direction& d) { d.duplicate = d.loss = 0.1; }, kNew), Kind::wire);
  EXPECT_EQ(by(
                [&](Direction& d) {
                  free_jitter(d);
                  d.correlation = 0.2;
                },
                kNew),
            Kind::wire);
}

TEST(Choose, TheWireForTracesAndCodel) {
  Direction direction = rate(100);
  direction.codel = CodelSettings{};
  EXPECT_EQ(choose(direction, {}, kNew, Choice::auto_), Kind::wire);
  EXPECT_THROW(choose(direction, {}, kNew, Choice::tc), InputError);
  Direction traced;
  traced.trace = SharedTrace(parse_mahimahi("1\n", "one", true));
  EXPECT_EQ(choose({}, traced, kNew, Choice::auto_), Kind::wire);
  EXPECT_THROW(choose({}, traced, kNew, Choice::tc), InputError);
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

TEST(TcStages, NetemIsToldAllThatChanceDoes) {
  Direction direction;
  direction.delay = milliseconds(20);
  direction.jitter = milliseconds(2);
  direction.distribution = Distribution::normal;
  direction.keeps_order = false;
  direction.gilbert_elliott = GilbertElliott{0.01, 0.2, 0.001, 0.9};
  direction.reorder = 0.05;
  direction.corrupt = 0.02;
  direction.seed = 9;
  const auto stages = tc_stages(direction, 1500);
  ASSERT_EQ(stages.size(), 2u);
  const auto& netem = std::get<netlink::Netem>(stages[1].kind);
  EXPECT_EQ(netem.jitter, milliseconds(2));
  EXPECT_FALSE(netem.distribution.empty());
  EXPECT_DOUBLE_EQ(netem.bursts->loss_bad.value, 0.9);
  EXPECT_DOUBLE_EQ(netem.reorder.value, 0.05);
  EXPECT_DOUBLE_EQ(netem.corrupt.value, 0.02);
  EXPECT_EQ(netem.seed, 9u);
  // What the kernel says back is compared with all of it.
  netlink::Netem found = netem;
  found.distribution.clear();
  EXPECT_TRUE(same(netem, found));
  found.bursts->p.value = 0.02;
  EXPECT_FALSE(same(netem, found));
  found = netem;
  found.corrupt.value = 0;
  EXPECT_FALSE(same(netem, found));
  direction.distribution = Distribution::uniform;
  EXPECT_TRUE(std::get<netlink::Netem>(tc_stages(direction, 1500)[1].kind).distribution.empty());
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
  direction.rate.reset();
  direction.trace = SharedTrace(parse_mahimahi("1\n", "lte.trace", true));
  direction.distribution = Distribution::pareto;
  direction.correlation = 0.25;
  direction.keeps_order = false;
  direction.loss = 0;
  direction.gilbert_elliott = GilbertElliott{0.01, 0.2, 0, 1};
  direction.duplicate = 0.02;
  direction.reorder = 0.03;
  direction.corrupt = 0.04;
  direction.codel = CodelSettings{.ecn = true};
  EXPECT_EQ(
      describe(direction),
      "trace lte.trace, 12.03Mbit in the mean, looped delay 30ms jitter 1ms pareto correlation 25% order free loss "
      "gilbert-elliott p 1% r 20% good 0% bad 100% duplicate 2% reorder 3% corrupt 4% queue 500packets codel target "
      "5ms interval 100ms ecn seed 7");
}

}  // namespace
}  // namespace geomx::shaper

// The pieces of the algorithms, one chunk at a time and by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ps/codec/choice.h"
#include "ps/config/error.h"
#include "ps/sync/answer.h"
#include "ps/sync/copies.h"
#include "ps/sync/fsa.h"
#include "ps/sync/mixed.h"
#include "ps/sync/outer_step.h"
#include "ps/sync/packer.h"
#include "ps/sync/party_step.h"
#include "tests/support/reference.h"

namespace geomx::ps::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Buffer buffer(const std::vector<float>& floats) {
  return Buffer::copy_of(floats.data(), floats.size() * sizeof(float));
}
std::vector<float> floats(const Buffer& buffer) {
  const auto span = buffer.as<float>();
  return {span.begin(), span.end()};
}
Encoded fp32(const std::vector<float>& values) {
  return {Format::fp32, buffer(values)};
}
std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<float> stepped(const SyncConfig& sync, const proto::OptimizerConfig& optimizer, const Sum& sum,
                           const std::vector<float>& previous = {0, 0}) {
  const auto step = make_outer_step(sync, optimizer, 2);
  std::vector<float> updated(2);
  step->step(std::vector<float>{10, 20}, previous, sum, updated);
  return updated;
}

TEST(OuterStepTest, DividesByWorkersOrByParties) {
  const Sum sum{.round = 1, .workers = 4, .contributors = 2, .values = buffer({8, -16})};
  EXPECT_THAT(stepped({.name = SyncName::fsa}, sgd(0.5), sum), ElementsAre(9, 22));
  EXPECT_THAT(stepped({.name = SyncName::mixed}, sgd(0.5), sum), ElementsAre(9, 22));
  EXPECT_THAT(stepped({.name = SyncName::hfa}, sgd(0.5), sum), ElementsAre(14, 12));
  EXPECT_THAT(stepped({.name = SyncName::esync, .outer_rate = 0.5}, sgd(0.5), sum), ElementsAre(11, 18));
  EXPECT_THAT(stepped({.name = SyncName::diloco, .outer_rate = 0.5, .outer_momentum = 0.5}, sgd(0.5), sum),
              ElementsAre(13, 14));  // d = 4, b = 4: 10 + 0.5 * (4 + 0.5 * 4)
}

TEST(OuterStepTest, DcasgdCorrectsByTheWayGone) {
  const Sum sum{.round = 1, .workers = 2, .contributors = 1, .values = buffer({2, 4})};
  const SyncConfig dcasgd{.name = SyncName::mixed, .dcasgd = true, .dcasgd_lambda = 0.25};
  // g = 1, 2; 10 - 0.5 * (1 + 0.25 * 1 * (10 - 8)), 20 - 0.5 * (2 + 0.25 * 4 * (20 - 20))
  EXPECT_THAT(stepped(dcasgd, sgd(0.5), sum, {8, 20}), ElementsAre(9.25F, 19));
  EXPECT_EQ(error_of([&] { make_outer_step(dcasgd, adam(0.1), 2); }),
            "GEOMX_DCASGD corrects SGD without momentum, and the optimizer is adam (--optimizer sgd)");
  EXPECT_THAT(error_of([&] { make_outer_step(dcasgd, sgd(0.1, 0.9), 2); }), HasSubstr("sgd with momentum"));
}

TEST(OuterStepTest, SchedulesGoByTheStepsOfTheGlobalServer) {
  const Sum sum{.round = 1, .workers = 1, .contributors = 1, .values = buffer({1, 2})};
  const SyncConfig dcasgd{.name = SyncName::mixed, .dcasgd = true, .dcasgd_lambda = 0};
  proto::OptimizerConfig optimizer = sgd(0.5);
  optimizer.mutable_schedule()->set_warmup(4);
  for (const SyncConfig& sync : {SyncConfig{.name = SyncName::fsa}, dcasgd}) {
    const std::vector<float> start = {10, 20};
    std::vector<float> updated(2);
    const auto step = make_outer_step(sync, optimizer, 2);
    step->step(start, start, sum, updated);
    EXPECT_THAT(updated, ElementsAre(9.875F, 19.75F));  // an eighth
    proto::StepState state;
    step->save(state);
    const auto restored = make_outer_step(sync, optimizer, 2);
    restored->restore(state);
    restored->step(start, start, sum, updated);
    EXPECT_THAT(updated, ElementsAre(9.75F, 19.5F));
    const auto late = make_outer_step(sync, optimizer, 2);
    late->begin_at(3);
    late->step(start, start, sum, updated);
    EXPECT_THAT(updated, ElementsAre(9.5F, 19));
  }
}

TEST(PartyStepTest, FsaSendsEverySumUp) {
  const auto step = make_party_step({.name = SyncName::fsa}, 0, 2);
  const PartyStep::Outcome outcome = step->close({.round = 1, .workers = 2, .values = buffer({1, 2})});
  EXPECT_FALSE(outcome.value);
  EXPECT_THAT(floats(outcome.up), ElementsAre(1, 2));
}

TEST(PartyStepTest, HfaSendsWhatWasLearntAfterK2RoundsAndAfterTheLast) {
  const auto step = make_party_step({.name = SyncName::hfa, .party_rounds = 2}, 5, 1);
  step->receive(buffer({100}));
  const auto close = [&](std::uint64_t round, float sum) {
    return step->close({.round = round, .workers = 2, .values = buffer({sum})});
  };
  EXPECT_THAT(floats(*close(1, 4).value), ElementsAre(102));
  const PartyStep::Outcome second = close(2, 6);
  EXPECT_FALSE(second.value);
  EXPECT_THAT(floats(second.up), ElementsAre(5));  // 2 + 3
  step->receive(buffer({110}));
  EXPECT_THAT(floats(*close(3, 2).value), ElementsAre(111));
  EXPECT_THAT(floats(close(4, 2).up), ElementsAre(2));
  step->receive(buffer({120}));
  EXPECT_THAT(floats(close(5, 8).up), ElementsAre(4));
}

TEST(MixedTest, EveryPushIsARoundOfItsSender) {
  Mixed mixed(1);
  EXPECT_THAT(error_of([&] { mixed.add({.contributor = 0, .round = 1, .values = fp32({1})}); }),
              HasSubstr("there is no value yet"));
  mixed.open(1);
  EXPECT_TRUE(mixed.add({.contributor = 0, .round = 1, .workers = 3, .values = fp32({7})}));
  const Sum sum = mixed.close();
  EXPECT_EQ(sum.round, 1u);
  EXPECT_EQ(sum.workers, 3u);
  EXPECT_EQ(sum.contributors, 1u);
  EXPECT_EQ(sum.contributor, 0u);
  EXPECT_THAT(floats(sum.values), ElementsAre(7));
  EXPECT_TRUE(mixed.add({.contributor = 0, .round = 2, .values = fp32({1})}));
  mixed.close();
  EXPECT_TRUE(mixed.add({.contributor = 5, .round = 1, .values = fp32({1})}));
  EXPECT_EQ(mixed.close().contributor, 5u);
  EXPECT_EQ(mixed.closed(0), 2u);
  EXPECT_EQ(mixed.closed(5), 1u);
  EXPECT_EQ(mixed.closed(9), 0u);
  EXPECT_EQ(error_of([&] { mixed.add({.contributor = 0, .round = 2, .values = fp32({1})}); }),
            "a gradient of round 2, where round 3 of its sender is open");
}

// Where another job has ended: all contributors go on from the round of the first value.
TEST(MixedTest, RoundsGoOnFromThatOfTheFirstValue) {
  Mixed mixed(1);
  mixed.open(8);
  EXPECT_EQ(mixed.closed(0), 7u);
  EXPECT_TRUE(mixed.add({.contributor = 0, .round = 8, .values = fp32({1})}));
  mixed.close();
  mixed.open(9);  // as after every push
  EXPECT_EQ(mixed.closed(0), 8u);
  EXPECT_EQ(mixed.closed(5), 7u);
  proto::ChunkState state;
  mixed.save(state);
  Mixed restored(1);
  restored.restore(state);
  EXPECT_EQ(restored.closed(0), 8u);
  EXPECT_EQ(restored.closed(5), 7u);
  EXPECT_TRUE(restored.add({.contributor = 5, .round = 8, .values = fp32({1})}));
}

TEST(FsaCodecTest, AddsWhatIsEncodedInOrder) {
  for (const char* codec : {"fp16", "bf16", "bisparse"}) {
    const CodecConfig config{.name = codec, .ratio = 1, .size_lower_bound = 0};
    Packer first(encoder_for(config, 3, Link::wan, Direction::push), 3);
    Packer second(encoder_for(config, 3, Link::wan, Direction::push), 3);
    Fsa fsa(3, 3);
    fsa.open(1);
    fsa.add({.contributor = 2, .round = 1, .values = fp32({100, 200, 300})});
    fsa.add({.contributor = 1, .round = 1, .values = first.pack(buffer({1, 2, 3}))});
    EXPECT_TRUE(fsa.add({.contributor = 0, .round = 1, .values = second.pack(buffer({10, 0, 30}))}));
    EXPECT_THAT(floats(fsa.close().values), ElementsAre(111, 202, 333)) << codec;
  }
}

TEST(PackerTest, Fp32IsNotCopied) {
  Packer packer(encoder_for({}, 2, Link::wan, Direction::push), 2);
  const Buffer values = buffer({1, 2});
  EXPECT_EQ(packer.pack(values).bytes.data(), values.data());
}

// What is lost to a lossy difference is in the next one: both ends agree, and get there.
TEST(CopiesTest, BothEndsHoldTheSame) {
  Copies copies(2);
  ArrayPool arrays(2);
  Packer packer(encoder_for({.name = "bf16"}, 2, Link::wan, Direction::pull), 2);
  Buffer there = buffer({1, 2});
  copies.begin(there);
  const Buffer goal = buffer({1.2345678F, -0.1F});
  for (int round = 0; round < 5; ++round) {
    there = Copies::caught_up(there, copies.catch_up(7, goal, packer), arrays);
    EXPECT_EQ(floats(there), floats(copies.of(7)));
  }
  EXPECT_EQ(floats(there), floats(goal));
  EXPECT_THAT(floats(copies.of(8)), ElementsAre(1, 2));  // nobody has told it anything
}

TEST(AnswerTest, WeightsDoNotTravelSparse) {
  JobConfig job;
  EXPECT_EQ(answer_of(job, 5000), Answer::weights);
  job.codec.name = "mpq";
  EXPECT_EQ(answer_of(job, 5000), Answer::mean);
  EXPECT_EQ(answer_of(job, 5), Answer::mean);  // one optimizer for all tensors
  job.sync.name = SyncName::mixed;
  EXPECT_EQ(answer_of(job, 5000), Answer::difference);
  EXPECT_EQ(answer_of(job, 5), Answer::weights);
}

}  // namespace
}  // namespace geomx::ps::testing

// Codecs through both levels of servers: what the replicas hold, and what the links carry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "ps/codec/choice.h"
#include "ps/config/error.h"
#include "tests/support/distance.h"
#include "tests/support/ps_job.h"
#include "tests/support/ps_watch.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kRounds = 20;

struct Case {
  std::string codec;
  double distance;  // from fp32, after 20 rounds
};

class CodecJobTest : public ::testing::TestWithParam<Case> {
 protected:
  static Deployment deployment() {
    return {.settings = {{"GEOMX_CODEC", GetParam().codec},
                         {"GEOMX_BISPARSE_RATIO", "0.5"},
                         {"MXNET_KVSTORE_SIZE_LOWER_BOUND", "60"},
                         {"GEOMX_2BIT_THRESHOLD", "0.3"}}};
  }
  static Deployment sharded() {
    Deployment many = deployment();
    many.party_servers = 2;
    many.global_servers = 3;
    many.bigarray_bound = 50;
    return many;
  }
};
INSTANTIATE_TEST_SUITE_P(All, CodecJobTest,
                         ::testing::Values(Case{"none", 1e-6}, Case{"fp16", 1e-3}, Case{"bf16", 1e-2},
                                           Case{"bisparse", 0.1}, Case{"mpq", 0.1}, Case{"2bit", 0.3}),
                         [](const auto& test) { return test.param.codec; });

TEST_P(CodecJobTest, ReplicasStayTheSameAndNearThoseOfFp32) {
  const auto fp32 = Regression{}.train(adam(0.02), 4, kRounds);
  for (const Deployment& where : {deployment(), sharded()}) {
    const Trained trained = train(where, inproc_medium(), {}, adam(0.02), kRounds);
    ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
    expect_identical_throughout(trained.history, kRounds);
    for (std::size_t tensor = 0; tensor < fp32.size(); ++tensor) {
      EXPECT_LT(test::distance(trained.history[0].back()[tensor], fp32[tensor]), GetParam().distance) << tensor;
      EXPECT_EQ(trained.store[0][tensor], trained.store[3][tensor]);
      // The servers hold usable parameters, whatever travels.
      EXPECT_LT(test::distance(trained.store[0][tensor], trained.history[0].back()[tensor]), 1e-6) << tensor;
    }
  }
}

TEST_P(CodecJobTest, TheCentralPartyIsOneMore) {
  Deployment central = deployment();
  central.central_trains = true;
  const Trained trained = train(central, inproc_medium(), {}, sgd(0.05), kRounds);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_identical_throughout(trained.history, kRounds);
}

TEST_P(CodecJobTest, TheSameBytesWhateverTheTiming) {
  Deployment three = sharded();
  three.party_workers = {2, 2, 2};
  const auto network = [](std::uint64_t seed) {
    return faulty_medium(inproc_medium(), {.seed = seed, .delay = milliseconds(0), .jitter = milliseconds(2)});
  };
  const Trained once = train(three, network(1), {}, adam(0.02), kRounds, 1);
  const Trained again = train(three, network(2), {}, adam(0.02), kRounds, 2);
  ASSERT_THAT(once.ends.all(), Each(IsEmpty()));
  ASSERT_THAT(again.ends.all(), Each(IsEmpty()));
  EXPECT_EQ(once.history, again.history);
}

// What travels has the format that the table of codec_config.h says, on either link and both ways.
TEST_P(CodecJobTest, EveryLinkCarriesWhatTheTableSays) {
  const Watch watch;
  const Trained trained = train(deployment(), watch.on(inproc_medium()), {}, sgd(0.05), 3);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  const CodecConfig codec{.name = GetParam().codec, .size_lower_bound = 60};
  std::map<std::pair<bool, bool>, int> seen;
  for (const Watch::Parcel& parcel : watch.parcels()) {
    const Link link = parcel.wan ? Link::wan : Link::lan;
    const Direction direction = parcel.answer ? Direction::pull : Direction::push;
    EXPECT_EQ(parcel.format, encoder_for(codec, parcel.total, link, direction)->format())
        << parcel.total << " elements, " << (parcel.wan ? "WAN" : "LAN") << (parcel.answer ? ", answer" : ", push");
    ++seen[{parcel.wan, parcel.answer}];
  }
  for (const bool answer : {false, true}) {
    EXPECT_EQ((seen[{false, answer}]), 3 * 4 * 4);  // rounds, workers, tensors
    EXPECT_EQ((seen[{true, answer}]), 3 * 2 * 4);   // rounds, parties, tensors
  }
}

// A gradient that binary16 cannot hold is infinite when it comes, and is refused by name as any other.
TEST(CodecFailureTest, AnOverflowOfFp16EndsTheJob) {
  Job job({.join_timeout = 3, .settings = {{"GEOMX_CODEC", "fp16"}}}, inproc_medium());
  std::vector<std::vector<float>> all_weights(5, std::vector<float>(8));
  const std::vector<float> gradient(8, 1e6F);
  const Ends ends = job.run([&](Session& session, std::optional<std::size_t> slice) {
    std::vector<float>& weights = all_weights[slice.value_or(4)];
    if (session.master()) {
      session.kv().configure(sgd(0.1));
      session.kv().wait(session.kv().init(0, weights));
    }
    session.kv().wait(session.kv().pull(0, weights));
    if (!slice) return;
    try {
      session.kv().wait(session.kv().push_pull(0, gradient, weights));
    } catch (const Error& error) {
      session.fail(error.what());  // as a training loop does, so that all hear the reason
      throw;
    }
  });
  EXPECT_THAT(std::vector(ends.workers.begin(), ends.workers.begin() + 4),
              Each(HasSubstr("that is not finite: the training diverges")));
}

}  // namespace
}  // namespace geomx::ps::testing

// Whole jobs over networks that lose, double, reorder and spoil messages, or that are secured: they end, and with the
// same bits as over a good one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ps/transport/resending.h"
#include "tests/support/ps_job.h"
#include "tests/support/stranger.h"

namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::IsEmpty;

constexpr std::size_t kRounds = 5;

const Deployment& deployment() {
  static const Deployment two_servers_each{.party_servers = 2, .global_servers = 2, .bigarray_bound = 50};
  return two_servers_each;
}

const History& over_a_good_network() {
  static const Trained trained = train(deployment(), inproc_medium(), {}, sgd(0.1), kRounds);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  return trained.history;
}

void expect_the_same(const Medium& medium) {
  const Trained trained = train(deployment(), medium, {}, sgd(0.1), kRounds);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  EXPECT_EQ(trained.history, over_a_good_network());
}

struct Fault {
  std::string name;
  Faults faults;
};

class BadNetworkTest : public ::testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(Faults, BadNetworkTest,
                         ::testing::Values(Fault{"lost", {.drop = 0.05}}, Fault{"doubled", {.duplicate = 0.2}},
                                           Fault{"reordered", {.reorder = 0.2}}, Fault{"spoilt", {.corrupt = 0.05}},
                                           Fault{"all_of_it",
                                                 {.drop = 0.02, .duplicate = 0.05, .corrupt = 0.02, .reorder = 0.1}}),
                         [](const auto& test) { return test.param.name; });

TEST_P(BadNetworkTest, AJobThatResendsEndsWithTheSameBits) {
  const Medium bad = faulty_medium(inproc_medium(), GetParam().faults);
  expect_the_same({"resending", [bad] { return make_resending(bad.node(), {.timeout = 20ms}); }});
}

TEST(ResendingJobTest, ZeroMqThatLosesMessagesDoesNotMatter) {
  const Medium bad = faulty_medium(zmq_medium(), {.drop = 0.05});
  expect_the_same({"resending", [bad] { return make_resending(bad.node(), {.timeout = 20ms}); }});
}

TEST(SecureJobTest, EncryptionDoesNotMatter) {
  const KeyPair keys = make_key_pair();
  expect_the_same({"curve", [keys] { return make_zmq_transport({.security = security_of(keys, keys)}); }});
}

}  // namespace
}  // namespace geomx::ps::testing

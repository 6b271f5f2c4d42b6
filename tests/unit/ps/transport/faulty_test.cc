#include "ps/transport/faulty.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/ps_media.h"

namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;

constexpr NodeId kServer{Role::server, 0};

// What arrives of `count` messages that are sent through `faults`, and then of a last one that is not.
std::vector<std::uint64_t> arrivals(const Faults& faults, std::uint64_t count) {
  auto network = InprocNetwork::make();
  const auto server = network->transport();
  const Endpoint endpoint = server->bind({"127.0.0.1", 0});
  const auto worker = make_faulty(network->transport(), faults);
  worker->connect(kServer, endpoint);
  for (std::uint64_t i = 1; i <= count; ++i) {
    Message message;
    message.header.set_version(kProtocolVersion);
    message.header.mutable_data()->set_request(i);
    worker->send(kServer, std::move(message));
  }
  worker->stop();  // sends what is delayed
  std::vector<std::uint64_t> requests;
  while (const auto received = server->receive(Clock::now())) {
    requests.push_back(received->message.header.data().request());
  }
  return requests;
}

TEST(FaultyTransportTest, WithoutFaultsAllArrives) {
  std::vector<std::uint64_t> all(100);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i + 1;
  EXPECT_EQ(arrivals({}, 100), all);
  EXPECT_EQ(arrivals({.delay = 1ms, .jitter = 2ms}, 100), all);
}

TEST(FaultyTransportTest, DropsAtTheRateAskedAndTheSameForTheSameSeed) {
  const auto first = arrivals({.seed = 5, .drop = 0.3}, 2000);
  EXPECT_NEAR(static_cast<double>(first.size()), 1400, 100);  // five standard deviations
  EXPECT_EQ(first, arrivals({.seed = 5, .drop = 0.3}, 2000));
  EXPECT_NE(first, arrivals({.seed = 6, .drop = 0.3}, 2000));
}

TEST(FaultyTransportTest, DuplicatesFollowTheirOriginals) {
  const auto requests = arrivals({.seed = 5, .duplicate = 0.3}, 2000);
  EXPECT_NEAR(static_cast<double>(requests.size()), 2600, 100);
  EXPECT_TRUE(std::is_sorted(requests.begin(), requests.end()));
}

TEST(FaultyTransportTest, SpoiltMessagesAreOthersOrLost) {
  const auto requests = arrivals({.seed = 5, .corrupt = 0.3}, 2000);
  std::uint64_t same = 0;
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    if (std::find(requests.begin(), requests.end(), i) != requests.end()) ++same;
  }
  EXPECT_LT(same, 1700U);
  EXPECT_GT(same, 1300U);
}

TEST(FaultyTransportTest, ReorderedMessagesChangePlacesWithTheNext) {
  auto requests = arrivals({.seed = 5, .reorder = 0.3}, 2000);
  ASSERT_EQ(requests.size(), 2000U);
  EXPECT_FALSE(std::is_sorted(requests.begin(), requests.end()));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_LE(std::max(requests[i], i + 1) - std::min(requests[i], i + 1), 1U) << i;
  }
}

TEST(FaultyTransportTest, DelayHoldsAMessageBack) {
  auto network = InprocNetwork::make();
  const auto server = network->transport();
  const Endpoint endpoint = server->bind({"127.0.0.1", 0});
  const auto worker = make_faulty(network->transport(), {.delay = 50ms});
  worker->connect(kServer, endpoint);
  const auto start = Clock::now();
  Message message;
  message.header.set_version(kProtocolVersion);
  message.header.mutable_data();
  worker->send(kServer, message);
  ASSERT_TRUE(server->receive(soon()));
  EXPECT_GE(Clock::now() - start, 50ms);
}

}  // namespace
}  // namespace geomx::ps::testing

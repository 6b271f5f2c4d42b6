// What is lost, doubled, reordered or spoilt on the way comes once, whole and in order all the same.
#include "ps/transport/resending.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/support/ps_media.h"

namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;

constexpr NodeId kServer{Role::server, 0};
constexpr NodeId kWorker{Role::worker, 0};

Message numbered(std::uint64_t request) {
  Message message;
  message.header.set_version(kProtocolVersion);
  message.header.mutable_data()->set_request(request);
  std::vector<float> values(100, static_cast<float>(request));
  message.frames.push_back(Buffer::copy_of(values.data(), values.size() * sizeof(float)));
  return message;
}

struct BadRoad {
  std::string name;
  Faults faults;
};

class ResendingTest : public ::testing::TestWithParam<BadRoad> {};
INSTANTIATE_TEST_SUITE_P(
    Roads, ResendingTest,
    ::testing::Values(BadRoad{"good", {}}, BadRoad{"lost", {.drop = 0.2}}, BadRoad{"doubled", {.duplicate = 0.3}},
                      BadRoad{"reordered", {.reorder = 0.3}}, BadRoad{"spoilt", {.corrupt = 0.2}},
                      BadRoad{"late", {.delay = 2ms, .jitter = 3ms}},
                      BadRoad{"all_of_it", {.drop = 0.1, .duplicate = 0.1, .corrupt = 0.1, .reorder = 0.1}}),
    [](const auto& test) { return test.param.name; });

// Both ways at once; each side expects what the other counts up.
TEST_P(ResendingTest, EverythingComesOnceAndInOrder) {
  const Medium bad = faulty_medium(inproc_medium(), GetParam().faults);
  const auto node = [&] { return make_resending(bad.node(), {.timeout = 10ms}); };
  constexpr std::uint64_t kCount = 300;
  const auto server = node();
  const auto worker = node();
  worker->connect(kServer, server->bind({"127.0.0.1", 0}));
  const auto next = [](Transport& transport, std::uint64_t expected) {
    const auto received = transport.receive(soon());
    if (!received) return false;
    const auto values = received->message.frames.at(0).as<float>();
    return received->message.header.data().request() == expected && values[0] == static_cast<float>(expected) &&
           values[99] == values[0];
  };
  auto serving = std::async(std::launch::async, [&] {
    for (std::uint64_t i = 1; i <= kCount; ++i) {
      const auto received = server->receive(soon());
      if (!received || received->message.header.data().request() != i) return i;
      server->adopt(kWorker, received->route);
      server->send(kWorker, numbered(i));
    }
    return std::uint64_t{0};
  });
  for (std::uint64_t i = 1; i <= kCount; ++i) worker->send(kServer, numbered(i));
  for (std::uint64_t i = 1; i <= kCount; ++i) ASSERT_TRUE(next(*worker, i)) << i;
  EXPECT_EQ(serving.get(), 0U);
  EXPECT_FALSE(worker->receive(Clock::now())) << "once, and no more";
}

TEST(ResendingTransportTest, StopWaitsForWhatTheOtherSideHasNotAcknowledged) {
  const Medium bad = faulty_medium(inproc_medium(), {.drop = 0.5});
  const auto server = make_resending(bad.node(), {.timeout = 10ms});
  const auto worker = make_resending(bad.node(), {.timeout = 10ms});
  worker->connect(kServer, server->bind({"127.0.0.1", 0}));
  for (std::uint64_t i = 1; i <= 20; ++i) worker->send(kServer, numbered(i));
  worker->stop();
  for (std::uint64_t i = 1; i <= 20; ++i) ASSERT_TRUE(server->receive(Clock::now())) << i;
}

TEST(ResendingTransportTest, StopDoesNotWaitForOneWhoHasGone) {
  const Medium medium = inproc_medium();
  const auto server = medium.node();  // acknowledges nothing
  const auto worker = make_resending(medium.node(), {.timeout = 10ms});
  worker->connect(kServer, server->bind({"127.0.0.1", 0}));
  worker->send(kServer, numbered(1));
  const auto start = Clock::now();
  worker->disconnect(kServer);
  worker->stop();
  EXPECT_LT(Clock::now() - start, 4s);  // the linger is 5 s
}

TEST(ResendingTransportTest, WhatIsSentIsCopiedWhereItsOwnerMayChangeIt) {
  const Medium bad = faulty_medium(inproc_medium(), {.delay = 20ms});
  const auto server = make_resending(bad.node(), {.timeout = 5ms});
  const auto worker = make_resending(bad.node(), {.timeout = 5ms});
  worker->connect(kServer, server->bind({"127.0.0.1", 0}));
  float value = 1;
  Message message = numbered(1);
  message.frames = {Buffer(nullptr, &value, sizeof value)};
  worker->send(kServer, std::move(message));
  value = 2;  // before the first copy has arrived, and long before the last
  const auto received = server->receive(soon());
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.frames.at(0).as<float>()[0], 1);
}

// As a scheduler that has been started anew.
TEST(ResendingTransportTest, WhatTheOtherSidesPredecessorHasAcknowledgedIsNotAwaited) {
  const Medium medium = inproc_medium();
  auto server = make_resending(medium.node(), {.timeout = 10ms});
  const Endpoint endpoint = server->bind({"127.0.0.1", 0});
  const auto worker = make_resending(medium.node(), {.timeout = 10ms});
  worker->connect(kServer, endpoint);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    worker->send(kServer, numbered(i));
    ASSERT_TRUE(server->receive(soon()));
  }
  server->stop();
  server = make_resending(medium.node(), {.timeout = 10ms});
  ASSERT_EQ(server->bind(endpoint), endpoint);
  worker->send(kServer, numbered(4));
  const auto received = server->receive(soon());
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.header.data().request(), 4U);
}

TEST(ResendingTransportTest, APeerThatDoesNotReadIsNamed) {
  const Medium medium = inproc_medium();
  const auto server = medium.node();
  std::promise<std::string> told;
  const auto worker = make_resending(
      medium.node(),
      {.timeout = 10ms, .silence = 50ms, .log = [&](int, const std::string& line) { told.set_value(line); }});
  worker->connect(kServer, server->bind({"127.0.0.1", 0}));
  worker->send(kServer, numbered(1));
  auto line = told.get_future();
  ASSERT_EQ(line.wait_until(soon()), std::future_status::ready);
  EXPECT_EQ(line.get(),
            "server 0 has acknowledged none of 1 messages for 50 ms: it does not read, or the connection to it is half "
            "open");
  worker->disconnect(kServer);
}

TEST(ResendingTransportTest, ASpoiltMessageIsCounted) {
  const Medium medium = inproc_medium();
  const auto server = make_resending(medium.node(), {.timeout = 10ms});
  const auto stranger = medium.node();
  stranger->connect(kServer, server->bind({"127.0.0.1", 0}));
  Message message = numbered(1);
  message.header.set_checksum(12345);
  stranger->send(kServer, std::move(message));
  EXPECT_FALSE(server->receive(in(100ms)));
  EXPECT_EQ(server->counters().rejected, 1U);
}

}  // namespace
}  // namespace geomx::ps::testing

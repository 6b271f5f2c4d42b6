#include "ps/transport/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "ps/transport/inproc.h"
#include "tests/support/ps_media.h"

namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr NodeId kServer{Role::server, 0};
constexpr NodeId kWorker{Role::worker, 3};

Message data(std::uint64_t request, std::vector<Buffer> frames = {}) {
  Message message;
  message.header.set_version(kProtocolVersion);
  message.header.mutable_data()->set_request(request);
  message.frames = std::move(frames);
  return message;
}

Buffer floats(std::size_t count, float first = 0) {
  auto values = std::make_shared<std::vector<float>>(count);
  for (std::size_t i = 0; i < count; ++i) (*values)[i] = first + static_cast<float>(i);
  const void* start = values->data();
  return {std::move(values), start, count * sizeof(float)};
}

class TransportTest : public ::testing::TestWithParam<std::string> {
 protected:
  // A worker that is connected to a server.
  void SetUp() override {
    endpoint_ = server_->bind({"127.0.0.1", 0});
    worker_->connect(kServer, endpoint_);
  }
  std::optional<Transport::Received> at_server() { return server_->receive(soon()); }
  std::optional<Transport::Received> at_worker() { return worker_->receive(soon()); }

  Medium medium_ = medium(GetParam());
  std::unique_ptr<Transport> server_ = medium_.node();
  std::unique_ptr<Transport> worker_ = medium_.node();
  Endpoint endpoint_;
};
INSTANTIATE_TEST_SUITE_P(Media, TransportTest, ::testing::ValuesIn(all_media()),
                         [](const auto& test) { return test.param; });

TEST_P(TransportTest, AMessageArrivesWhole) {
  worker_->send(kServer, data(7, {floats(3), floats(10'000, 5), Buffer()}));
  const auto received = at_server();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.header.data().request(), 7u);
  ASSERT_EQ(received->message.frames.size(), 3u);
  EXPECT_EQ(received->message.frames[0].as<float>()[2], 2.0f);
  EXPECT_EQ(received->message.frames[1].size(), 40'000u);
  EXPECT_EQ(received->message.frames[1].as<float>()[9'999], 10'004.0f);
  EXPECT_EQ(received->message.frames[2].size(), 0u);
}

// Within one process a receiver reads the sender's own memory.
TEST(InprocTransport, StopsWhenItsFramesAreNoLongerRead) {
  const auto network = InprocNetwork::make();
  const auto server = network->transport();
  const auto worker = network->transport();
  worker->connect(kServer, server->bind({"127.0.0.1", 0}));
  const std::vector<float> values(10, 7);
  worker->send(kServer, data(1, {Buffer(nullptr, values.data(), values.size() * sizeof(float))}));
  auto received = server->receive(soon());
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.frames.at(0).data(), values.data());
  const auto stopped = std::async(std::launch::async, [&] { worker->stop(1h); });
  EXPECT_EQ(stopped.wait_for(20ms), std::future_status::timeout);
  received.reset();
  EXPECT_EQ(stopped.wait_until(soon()), std::future_status::ready);
}

TEST_P(TransportTest, AnAnswerGoesBackByItsRoute) {
  worker_->send(kServer, data(1));
  const auto question = at_server();
  ASSERT_TRUE(question);
  server_->reply(question->route, data(2));
  ASSERT_TRUE(at_worker());
  server_->adopt(kWorker, question->route);
  server_->send(kWorker, data(3));
  const auto answer = at_worker();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->message.header.data().request(), 3u);
  worker_->reply(answer->route, data(4));
  const auto echo = at_server();
  ASSERT_TRUE(echo);
  EXPECT_EQ(echo->message.header.data().request(), 4u);
}

TEST_P(TransportTest, OrderIsKept) {
  for (std::uint64_t i = 0; i < 500; ++i) worker_->send(kServer, data(i, {floats(i % 5 == 0 ? 5'000 : 1)}));
  for (std::uint64_t i = 0; i < 500; ++i) {
    const auto received = at_server();
    ASSERT_TRUE(received);
    ASSERT_EQ(received->message.header.data().request(), i);
  }
}

TEST_P(TransportTest, FramesAreAligned) {
  // Sizes at which ZeroMQ keeps a frame inside its own structure, packs it beside others, or gives it memory of its
  // own.
  for (const std::size_t size : {1u, 3u, 29u, 33u, 34u, 100u, 511u, 512u, 1'000u, 8'191u, 8'192u, 100'000u}) {
    std::vector<Buffer> frames;
    for (int i = 0; i < 5; ++i) frames.push_back(Buffer::copy_of(std::string(size, 'x').data(), size));
    worker_->send(kServer, data(size, std::move(frames)));
    const auto received = at_server();
    ASSERT_TRUE(received);
    for (const Buffer& frame : received->message.frames) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(frame.data()) % Buffer::kAlignment, 0u) << size;
      EXPECT_EQ(frame.as<char>()[size - 1], 'x');
    }
  }
}

TEST_P(TransportTest, ASenderMayConnectBeforeAnybodyListens) {
  const auto late = medium_.node();
  const auto early = medium_.node();
  const auto elsewhere = medium_.node();
  const Endpoint free = elsewhere->bind({"127.0.0.1", 0});
  elsewhere->stop();
  early->connect(kServer, free);
  early->send(kServer, data(1));
  late->bind(free);
  EXPECT_TRUE(late->receive(soon()));
}

TEST_P(TransportTest, APortInUseIsNamed) {
  const auto other = medium_.node();
  try {
    other->bind(endpoint_);
    FAIL() << "the port is taken";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "cannot listen on " + to_string(endpoint_) + ": port " + std::to_string(endpoint_.port) + " is in use");
  }
}

TEST_P(TransportTest, TheOwnerOfAFrameIsReleased) {
  std::atomic<int> alive = 1;
  {
    const std::size_t size = 1 << 20;
    auto* bytes = new std::vector<char>(size, 'a');
    const std::shared_ptr<const void> owner(bytes->data(), [bytes, &alive](const void*) {
      delete bytes;
      alive.fetch_sub(1);
      alive.notify_all();
    });
    worker_->send(kServer, data(1, {Buffer(owner, bytes->data(), size)}));
  }
  ASSERT_TRUE(at_server());  // dropped at once
  worker_->stop();           // what was queued has been handed over
  server_->stop();
  EXPECT_EQ(alive.load(), 0);
}

TEST_P(TransportTest, ReceiveEndsAtItsDeadline) {
  const auto start = Clock::now();
  EXPECT_FALSE(server_->receive(in(20ms)));
  EXPECT_GE(Clock::now() - start, 20ms);
  EXPECT_FALSE(server_->receive(Clock::now() - 1s));
}

TEST_P(TransportTest, StopWakesReceive) {
  std::thread receiver([&] { EXPECT_FALSE(server_->receive(in(1h))); });
  server_->stop();
  receiver.join();
  server_->stop();
  server_->reply("d1", data(1));
  worker_->stop();
  worker_->send(kServer, data(1));
}

TEST_P(TransportTest, StopHandsOverWhatWasQueued) {
  for (std::uint64_t i = 0; i < 20; ++i) worker_->send(kServer, data(i, {floats(100'000)}));
  std::thread stopper([&] { worker_->stop(); });
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_TRUE(at_server()) << i;
  stopper.join();
}

TEST_P(TransportTest, ManyThreadsSendWhileOneReceives) {
  constexpr int kThreads = 4;
  constexpr std::uint64_t kEach = 200;
  std::thread echo([&] {
    for (std::uint64_t i = 0; i < kThreads * kEach; ++i) {
      auto received = at_server();
      ASSERT_TRUE(received);
      server_->reply(received->route, std::move(received->message));
    }
  });
  std::vector<std::thread> senders;
  for (int t = 0; t < kThreads; ++t) {
    senders.emplace_back([&] {
      for (std::uint64_t i = 0; i < kEach; ++i) worker_->send(kServer, data(i, {floats(i)}));
    });
  }
  for (std::uint64_t i = 0; i < kThreads * kEach; ++i) {
    const auto received = at_worker();
    ASSERT_TRUE(received) << i;
    ASSERT_EQ(received->message.frames.at(0).size(), received->message.header.data().request() * sizeof(float));
  }
  for (auto& sender : senders) sender.join();
  echo.join();
  EXPECT_EQ(server_->counters().messages_received, kThreads * kEach);
  EXPECT_EQ(server_->counters().messages_sent, kThreads * kEach);
}

TEST_P(TransportTest, CountersCountHeadersAndFrames) {
  const Message message = data(1, {floats(1'000)});
  const std::uint64_t bytes = message.header.ByteSizeLong() + 4'000;
  worker_->send(kServer, message);
  ASSERT_TRUE(at_server());
  EXPECT_EQ(server_->counters().messages_received, 1u);
  EXPECT_EQ(server_->counters().bytes_received, bytes);
  worker_->stop();
  EXPECT_EQ(worker_->counters().messages_sent, 1u);
  EXPECT_EQ(worker_->counters().bytes_sent, bytes);
}

TEST_P(TransportTest, WhatIsSentAfterDisconnectGoesNowhere) {
  worker_->send(kServer, data(1));
  ASSERT_TRUE(at_server());
  worker_->disconnect(kServer);
  worker_->send(kServer, data(2));
  const auto other = medium_.node();
  other->connect(kServer, endpoint_);
  other->send(kServer, data(3));
  const auto received = at_server();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.header.data().request(), 3u);
}

TEST_P(TransportTest, AnotherVersionIsRejectedAndCounted) {
  Message old = data(1);
  old.header.set_version(kProtocolVersion + 1);
  worker_->send(kServer, old);
  worker_->send(kServer, data(2));
  const auto received = at_server();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.header.data().request(), 2u);
  EXPECT_EQ(server_->counters().rejected, 1u);
}

TEST_P(TransportTest, ASiblingReachesTheSameNetwork) {
  const auto sibling = worker_->sibling();
  sibling->connect(kServer, endpoint_);
  sibling->send(kServer, data(9));
  const auto received = at_server();
  ASSERT_TRUE(received);
  server_->reply(received->route, data(10));
  EXPECT_TRUE(sibling->receive(soon()));
}

TEST(InprocTransportTest, FramesTravelByPointer) {
  auto network = InprocNetwork::make();
  const auto server = network->transport();
  const auto worker = network->transport();
  worker->connect(kServer, server->bind({"127.0.0.1", 0}));
  const Buffer frame = floats(100);
  worker->send(kServer, data(1, {frame}));
  const auto received = server->receive(soon());
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.frames.at(0).data(), frame.data());
}

// What was queued on the former connection is dropped, and stop() does not wait for it.
TEST(ZmqTransportTest, ASecondConnectReplacesTheFirst) {
  const auto server = make_zmq_transport();
  const auto worker = make_zmq_transport();
  const Endpoint endpoint = server->bind({"127.0.0.1", 0});
  const auto nobody = make_zmq_transport();
  const Endpoint dead = nobody->bind({"127.0.0.1", 0});
  nobody->stop();
  worker->connect(kServer, dead);
  worker->send(kServer, data(1, {floats(1'000)}));
  worker->connect(kServer, endpoint);
  worker->send(kServer, data(2));
  const auto received = server->receive(soon());
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.header.data().request(), 2u);
  worker->adopt(kServer, "n-somebody-else");  // this closes the connection, too
  const auto start = Clock::now();
  worker->stop();
  EXPECT_LT(Clock::now() - start, 4s);
}

TEST(ZmqTransportTest, WhatGoesNowhereIsNotCounted) {
  const auto server = make_zmq_transport();
  server->bind({"127.0.0.1", 0});
  server->reply("n0123456789ab", data(1));
  EXPECT_EQ(server->counters().messages_sent, 0u);
}

// Several peers at once, one of them much busier than the others.
TEST(ZmqTransportTest, ABusyPeerStarvesNobody) {
  const auto worker = make_zmq_transport();
  std::vector<std::unique_ptr<Transport>> servers;
  std::vector<std::string> routes;
  for (std::uint32_t rank = 0; rank < 3; ++rank) {
    servers.push_back(make_zmq_transport());
    worker->connect({Role::server, rank}, servers.back()->bind({"127.0.0.1", 0}));
    worker->send({Role::server, rank}, data(rank));
    const auto hello = servers.back()->receive(soon());
    ASSERT_TRUE(hello);
    routes.push_back(hello->route);
  }
  constexpr int kMany = 20'000;
  for (int i = 0; i < kMany; ++i) servers[0]->reply(routes[0], data(100));
  ASSERT_TRUE(worker->receive(soon()));  // they have begun to arrive
  servers[1]->reply(routes[1], data(1));
  servers[2]->reply(routes[2], data(2));
  int before = 0;
  for (int quiet = 0; quiet < 2;) {
    const auto received = worker->receive(soon());
    ASSERT_TRUE(received);
    received->message.header.data().request() == 100 ? ++before : ++quiet;
  }
  EXPECT_LT(before, kMany - 1) << "the quiet ones came last";
}

TEST(SendTest, ToAStrangerIsAnError) {
  for (const std::string name : {"inproc", "zmq"}) {
    const auto node = medium(name).node();
    try {
      node->send(kWorker, data(1));
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("cannot send to worker 3"));
    }
  }
}

}  // namespace
}  // namespace geomx::ps::testing

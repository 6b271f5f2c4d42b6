#include "emulator/control/server.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <zmq.hpp>

#include "emulator/control/tcp_socket.h"
#include "emulator/control/zmq_dealer.h"
#include "emulator/lab/lab.h"
#include "tests/unit/emulator/control/played_server.h"

// The server of a lab without nodes, and clients that are not as they should be.
namespace geomx::control {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ServerTest : public ::testing::Test {
 protected:
  static lab::Plan empty_plan() {
    lab::Plan plan;
    plan.lab = "play";
    return plan;
  }

  Listeners listeners() {
    Listeners made{bind_socket(folder_.path(), kDescriptorSocket), folder_.take_requests()};
    check(::listen(made.descriptors.get(), 64), "listen");
    made.tcp = listen_tcp("tcp://127.0.0.1:0");
    address_ = bound_address(made.tcp);
    made.keys = keys_;
    return made;
  }

  ServerTest() : lab_(empty_plan()), server_(lab_, listeners(), {"", 64}), thread_([this] { server_.run(); }) {
    spdlog::set_level(spdlog::level::off);
  }
  ~ServerTest() override { client().down(); }

  Client client() const { return {connect_socket(folder_.path()), folder_.path(), "play"}; }
  Dealer dealer() const { return {open_folder(folder_.path()), kRequestSocket}; }

  static wire::Answer answer_to(Dealer& dealer, const std::string& message) {
    dealer.send(message);
    return next(dealer);
  }
  static wire::Answer next(Dealer& dealer) {
    wire::Answer answer;
    const auto body = wait_for({dealer.fd()}, [&] { return dealer.receive(); });
    EXPECT_TRUE(body && answer.ParseFromString(*body));
    return answer;
  }
  wire::Answer answer_by_descriptors(const wire::Request& request) const {
    Channel channel(connect_socket(folder_.path()));
    channel.send_now(request, {}, std::chrono::steady_clock::now() + 5s);
    wire::Answer answer;
    const auto body = wait_for({channel.fd()}, [&] {
      channel.receive();
      return channel.next();
    });
    EXPECT_TRUE(body && answer.ParseFromString(*body));
    return answer;
  }
  // As a client sees it that waits for an answer and gets none.
  static std::string refusal(Client client) {
    try {
      client.counters();
    } catch (const WorkError& error) {
      return error.what();
    }
    return "it was let in";
  }
  bool eventually_refused(std::uint64_t count) const {
    Client asking = client();
    for (int i = 0; i < 500; ++i) {
      if (asking.status().refused >= count) return true;
      ::poll(nullptr, 0, 10);
    }
    return false;
  }

  static wire::Request counters_request() {
    wire::Request request;
    request.mutable_counters();
    request.set_protocol(kProtocol);
    return request;
  }

  SocketFolder folder_;
  LabKeys keys_ = make_keys();
  std::string address_;
  lab::Lab lab_;
  Server server_;
  std::jthread thread_;
};

TEST_F(ServerTest, AnotherProtocolIsToldBothByBothRoads) {
  wire::Request request = counters_request();
  request.set_protocol(999);
  Dealer odd = dealer();
  const wire::Answer answer = answer_to(odd, request.SerializeAsString());
  EXPECT_THAT(answer.failure().what(), HasSubstr("the lab speaks protocol 1, and this client 999"));
  EXPECT_EQ(answer.protocol(), kProtocol);
  EXPECT_THAT(answer_by_descriptors(request).failure().what(), HasSubstr("protocol 1, and this client 999"));
}

TEST_F(ServerTest, WhatIsNotUnderstoodIsAnsweredWithAnError) {
  Dealer odd = dealer();
  EXPECT_THAT(answer_to(odd, "\x0a\x7f garbled").failure().what(), HasSubstr("does not understand"));
  EXPECT_THAT(answer_to(odd, "").failure().what(), HasSubstr("the lab speaks protocol 1, and this client 0"));
  wire::Request nothing;
  nothing.set_protocol(kProtocol);
  // A field that this version does not know.
  const std::string unknown = nothing.SerializeAsString() + std::string("\xd2\x3e\x01x", 4);
  EXPECT_THAT(answer_to(odd, unknown).failure().what(), HasSubstr("asks for nothing"));
  EXPECT_TRUE(answer_to(odd, counters_request().SerializeAsString()).has_counters()) << "and goes on as before";
}

TEST_F(ServerTest, MessagesInPartsAreNotOurs) {
  zmq::context_t context;
  zmq::socket_t socket(context, ZMQ_DEALER);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::rcvtimeo, 10000);
  socket.connect("ipc://" + folder_.path() + "/" + kRequestSocket);
  for (const char* part : {"", "two"}) socket.send(zmq::buffer(std::string(part)), zmq::send_flags::sndmore);
  socket.send(zmq::buffer(std::string("three")), zmq::send_flags::none);
  zmq::message_t part;
  ASSERT_TRUE(socket.recv(part));
  wire::Answer answer;
  ASSERT_TRUE(answer.ParseFromString(part.to_string()));
  EXPECT_THAT(answer.failure().what(), HasSubstr("does not understand"));
}

TEST_F(ServerTest, EveryRequestHasItsRoad) {
  wire::Request spawn;
  spawn.set_protocol(kProtocol);
  spawn.mutable_spawn()->set_node("a");
  Dealer odd = dealer();
  EXPECT_THAT(answer_to(odd, spawn.SerializeAsString()).failure().what(), HasSubstr("by the descriptor socket"));
  EXPECT_THAT(answer_by_descriptors(counters_request()).failure().what(), HasSubstr("by the request socket"));
}

TEST_F(ServerTest, AClientThatNeverReadsIsBounded) {
  const auto resident = [] {
    std::ifstream statm("/proc/self/statm");
    std::size_t pages = 0;
    statm >> pages >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  };
  zmq::context_t context;
  zmq::socket_t silent(context, ZMQ_DEALER);
  silent.set(zmq::sockopt::linger, 0);
  silent.set(zmq::sockopt::rcvhwm, 1);
  silent.set(zmq::sockopt::sndhwm, 1);
  silent.set(zmq::sockopt::sndtimeo, 10000);
  silent.connect("ipc://" + folder_.path() + "/" + kRequestSocket);
  wire::Request request;
  request.set_protocol(kProtocol);
  request.set_inspect_link(std::string(200'000, 'x'));  // the error quotes it
  const std::string message = request.SerializeAsString();
  Client reading = client();
  EXPECT_EQ(reading.counters().size(), 0u);
  const std::size_t before = resident();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(silent.send(zmq::buffer(message))) << "the server does not read any more";
    if (i % 50 != 0) continue;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(reading.counters().size(), 0u);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s) << "stalled after " << i;
  }
#if defined(__SANITIZE_ADDRESS__)
  constexpr std::size_t kept = std::size_t{256} << 20;  // freed memory that ASan holds back
#else
  constexpr std::size_t kept = 0;
#endif
  EXPECT_LT(resident(), before + kept + (48u << 20)) << "of 200 MB of answers";
  EXPECT_EQ(reading.status().abandoned, 1u);
}

TEST_F(ServerTest, ClientsThatComeAndGoLeaveNothing) {
  for (int i = 0; i < 500; ++i) {
    Client passing = client();
    passing.subscribe(0ms);
  }
  Client last = client();
  last.subscribe(0ms);
  EXPECT_LT(last.status().subscribers, 150u) << "those who have gone are still told of everything";
}

TEST_F(ServerTest, OverTcpOwnersOfTheKeyAreServed) {
  Client remote = Client::connect(address_, keys_.client);
  EXPECT_EQ(remote.status().address, address_);
  remote.subscribe(10ms);
  EXPECT_TRUE(remote.next_sample(10s));
  EXPECT_TRUE(remote.next_sample(10s));
  EXPECT_THROW(remote.packet_socket("a"), InputError);
  EXPECT_EQ(remote.status().refused, 0u);
}

TEST_F(ServerTest, OverTcpNobodyElseIs) {
  const LabKeys others = make_keys();
  ClientKey known_lab = keys_.client;
  known_lab.own = others.client.own;
  EXPECT_THAT(refusal(Client::connect(address_, known_lab)), HasSubstr("refuses this key"));
  EXPECT_TRUE(eventually_refused(1));
  EXPECT_THAT(refusal(Client::connect(address_, others.client)), HasSubstr("refuses this key"));
  EXPECT_TRUE(eventually_refused(2));

  zmq::context_t context;
  zmq::socket_t without(context, ZMQ_DEALER);
  without.set(zmq::sockopt::linger, 0);
  without.connect(address_);
  without.send(zmq::buffer(counters_request().SerializeAsString()), zmq::send_flags::none);
  EXPECT_TRUE(eventually_refused(3));
  zmq::message_t part;
  EXPECT_FALSE(without.recv(part, zmq::recv_flags::dontwait));
}

}  // namespace
}  // namespace geomx::control

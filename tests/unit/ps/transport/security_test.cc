// CURVE on ZeroMQ's connections: who has the run's keys talks, and nobody else does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <mutex>
#include <thread>

#include "tests/support/ps_media.h"
#include "tests/support/stranger.h"

namespace geomx::ps::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr NodeId kServer{Role::server, 0};
constexpr NodeId kWorker{Role::worker, 0};

std::string header() {
  proto::Header header;
  header.set_version(kProtocolVersion);
  header.mutable_data()->set_request(1);
  return header.SerializeAsString();
}

Message message() {
  Message message;
  message.header.ParseFromString(header());
  return message;
}

bool within_a_while(const std::function<bool()>& done) {
  for (const auto deadline = soon(); Clock::now() < deadline; std::this_thread::yield()) {
    if (done()) return true;
  }
  return false;
}

// A server that admits the key of one worker.
class SecurityTest : public ::testing::Test {
 protected:
  std::unique_ptr<Transport> node(const Security& security) {
    ZmqOptions options;
    options.security = security;
    options.log = [this](int, const std::string& line) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(line);
    };
    return make_zmq_transport(options);
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // Turned away, counted and told, and the worker is served all the same.
  void expect_rejected(Stranger& stranger, const std::string& line) {
    ASSERT_TRUE(stranger.say({header()}));
    EXPECT_TRUE(within_a_while([&] { return server_->counters().rejected > 0; }));
    EXPECT_THAT(lines(), Contains(AllOf(HasSubstr("rejected a connection"), HasSubstr(line))));
    EXPECT_THAT(lines(), Not(Contains(HasSubstr(servers_.secret_key))));
    const auto worker = node(security_of(worker_, servers_));
    worker->connect(kServer, endpoint_);
    Message first = message();
    first.header.mutable_data()->set_request(7);
    worker->send(kServer, std::move(first));
    const auto received = server_->receive(soon());
    ASSERT_TRUE(received);
    EXPECT_EQ(received->message.header.data().request(), 7U) << "the stranger got through";
  }

  std::mutex mutex_;
  std::vector<std::string> lines_;
  const KeyPair servers_ = make_key_pair(), worker_ = make_key_pair(), other_ = make_key_pair();
  std::unique_ptr<Transport> server_ = node(security_of(servers_, servers_, {worker_.public_key}));
  const Endpoint endpoint_ = server_->bind({"127.0.0.1", 0});
};

TEST_F(SecurityTest, WhoeverHasTheRunsKeysTalksBothWays) {
  const auto worker = node(security_of(worker_, servers_));
  worker->connect(kServer, endpoint_);
  worker->send(kServer, message());
  const auto question = server_->receive(soon());
  ASSERT_TRUE(question);
  server_->adopt(kWorker, question->route);
  server_->send(kWorker, message());
  EXPECT_TRUE(worker->receive(soon()));
  // So do those who listen themselves, with the pair that they have in common, and siblings, for heartbeats.
  const auto other_server = node(security_of(servers_, servers_));
  const auto heart = other_server->sibling();
  heart->connect(kServer, endpoint_);
  heart->send(kServer, message());
  EXPECT_TRUE(server_->receive(soon()));
  EXPECT_EQ(server_->counters().rejected, 0U);
}

TEST_F(SecurityTest, AnUnknownKeyIsRejected) {
  Stranger stranger(endpoint_, security_of(other_, servers_));
  expect_rejected(stranger, "from 127.0.0.1: its key " + other_.public_key + " is not one of this run's");
}

TEST_F(SecurityTest, OneWithoutKeysIsRejected) {
  Stranger stranger(endpoint_);
  expect_rejected(stranger, "one side has GEOMX_SECURITY=curve and the other has not");
}

TEST_F(SecurityTest, OneWhoTakesTheServerForAnotherIsRejected) {
  Stranger stranger(endpoint_, security_of(worker_, other_));
  expect_rejected(stranger, "GEOMX_CURVE_SERVER_KEY");
}

TEST(OpenTransportTest, OneWithKeysIsRejectedByAListenerWithout) {
  const auto server = make_zmq_transport();
  const KeyPair keys = make_key_pair();
  Stranger stranger(server->bind({"127.0.0.1", 0}), security_of(keys, keys));
  ASSERT_TRUE(stranger.say({header()}));
  EXPECT_TRUE(within_a_while([&] { return server->counters().rejected > 0; }));
}

TEST(OpenTransportTest, KeysThatAreNoPairAreRefusedWithoutTellingTheSecret) {
  const KeyPair keys = make_key_pair(), other = make_key_pair();
  try {
    make_zmq_transport({.security = security_of({keys.public_key, other.secret_key}, keys)});
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("GEOMX_CURVE_SECRET_KEY does not belong to"), HasSubstr(keys.public_key),
                                    Not(HasSubstr(other.secret_key))));
  }
}

}  // namespace
}  // namespace geomx::ps::testing

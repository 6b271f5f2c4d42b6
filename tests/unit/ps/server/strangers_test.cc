// A stranger with a bare ZeroMQ socket sends what cannot be to the ports of a scheduler and a server: it is rejected,
// logged and counted, and the job goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <mutex>
#include <thread>

#include "ps/server/global_backing.h"
#include "ps/server/kv_server.h"
#include "tests/support/ps_cluster.h"
#include "tests/support/reference.h"
#include "tests/support/stranger.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

bool within_a_while(const std::function<bool()>& done) {
  for (const auto deadline = soon(); Clock::now() < deadline; std::this_thread::yield()) {
    if (done()) return true;
  }
  return false;
}

std::string push_of(std::uint64_t length, std::uint32_t version = kProtocolVersion) {
  proto::Header header;
  header.set_version(version);
  header.set_sender(NodeId{Role::worker, 0}.packed());  // it pretends
  proto::Data& data = *header.mutable_data();
  data.set_operation(proto::PUSH_PULL);
  data.set_request(1'000'000);
  data.set_round(1);
  data.set_workers(1);
  proto::Slice& slice = *data.add_slices();
  slice.set_length(length);
  slice.set_total(length);
  slice.set_format(1);
  return header.SerializeAsString();
}

// One server and one worker over ZeroMQ; the server's log.
class StrangersTest : public ::testing::Test {
 protected:
  StrangersTest() {
    config_ = plane_.config(PlaneRole::worker);
    config_.master = true;
    worker_ = plane_.member(config_);
    kv_.emplace(*worker_, KvWorker::Options{});
    const auto errors = run_all({[&] { server_member_->join(); }, [&] { worker_->join(); }});
    EXPECT_THAT(errors, ::testing::Each(::testing::IsEmpty()));
    serving_ = std::async(std::launch::async, [&] {
      server_.await_workers(soon());
      server_.open(1, {});
      server_.wait();
      server_member_->leave();
    });
    proto::Greeting greeting;
    greeting.set_all_workers(1);
    greeting.add_workers()->set_rounds(1);
    kv_->greet(greeting, {}, soon());
    const std::string roster = worker_->roster();  // "server 0 (...) at 127.0.0.1:PORT"
    port_ = std::stoi(roster.substr(roster.find(" at 127.0.0.1:") + 14));
  }
  ~StrangersTest() override {
    worker_->leave();
    serving_.wait();
  }
  StrangersTest(const StrangersTest&) = delete;
  StrangersTest& operator=(const StrangersTest&) = delete;

  Medium listening_medium() {
    return {"zmq", [this] {
              ZmqOptions options;
              options.log = log();
              return make_zmq_transport(options);
            }};
  }
  Log log() {
    return [this](int, const std::string& line) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(line);
    };
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // The worker's job still works.
  void expect_a_round() {
    std::vector<float> value{10, 20}, gradient{1, 2};
    kv_->configure(sgd(1));
    kv_->wait(kv_->init(0, value));
    kv_->wait(kv_->pull(0, value));
    kv_->wait(kv_->push_pull(0, gradient, value));
    EXPECT_THAT(value, ElementsAre(9, 18));
  }

  std::mutex mutex_;
  std::vector<std::string> lines_;
  Plane plane_{listening_medium(), 1, 1};
  PlaneConfig config_;
  GlobalBacking backing_{1};
  std::unique_ptr<Member> server_member_ = plane_.member(PlaneRole::server);
  KvServer server_{{.member = server_member_.get(), .num_workers = 1, .has_master = true}, backing_, {}, log()};
  std::unique_ptr<Member> worker_;
  std::optional<KvWorker> kv_;
  std::future<void> serving_;
  int port_ = 0;
};

TEST_F(StrangersTest, AMalformedHeaderIsRejected) {
  Stranger stranger({"127.0.0.1", port_});
  ASSERT_TRUE(stranger.say({"\xff\xff\xff no header", "and a frame"}));
  EXPECT_TRUE(within_a_while([&] { return server_member_->traffic().rejected == 1; }));
  EXPECT_THAT(lines(), Contains(HasSubstr("rejected a message from 127.0.0.1: 13 bytes that are no header")));
  expect_a_round();
}

TEST_F(StrangersTest, ATensorOfAWrongSizeIsRefused) {
  Stranger stranger({"127.0.0.1", port_});
  ASSERT_TRUE(stranger.say({push_of(2), "not eight bytes"}));
  ASSERT_TRUE(stranger.say({push_of(std::uint64_t{1} << 60), "x"}));
  ASSERT_TRUE(stranger.say({push_of(2)}));
  EXPECT_TRUE(within_a_while([&] { return server_.refused() == 3; }));
  EXPECT_THAT(lines(), Contains(HasSubstr("a slice of 15 bytes in fp32, where 8 are wanted")));
  EXPECT_THAT(lines(), Contains(HasSubstr("elements, more than a frame can hold")));
  EXPECT_THAT(lines(), Contains(HasSubstr("0 frames, where 1 is wanted")));
  expect_a_round();
}

TEST_F(StrangersTest, AnotherVersionIsRejected) {
  Stranger stranger({"127.0.0.1", port_});
  ASSERT_TRUE(stranger.say({push_of(2, kProtocolVersion + 1), "12345678"}));
  EXPECT_TRUE(within_a_while([&] { return server_member_->traffic().rejected == 1; }));
  EXPECT_THAT(lines(),
              Contains(HasSubstr("a header of version " + std::to_string(kProtocolVersion + 1) +
                                 " of the protocol, where " + std::to_string(kProtocolVersion) + " is spoken")));
  expect_a_round();
}

TEST_F(StrangersTest, ANodeOfAnotherVersionIsToldWhy) {
  Stranger stranger({"127.0.0.1", config_.scheduler_port});
  proto::Header header;
  header.set_version(kProtocolVersion + 1);
  header.mutable_register_()->set_role(proto::ROLE_WORKER);
  header.mutable_register_()->set_name("newer:1");
  ASSERT_TRUE(stranger.say({header.SerializeAsString()}));
  proto::Header answer;
  ASSERT_TRUE(answer.ParseFromString(stranger.hear(10'000)));
  EXPECT_THAT(answer.refusal().message(), HasSubstr("newer:1 speaks version " + std::to_string(kProtocolVersion + 1)));
  expect_a_round();
}

}  // namespace
}  // namespace geomx::ps::testing

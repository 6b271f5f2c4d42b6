// Both ends of DGT: a party server's carrier and a global server's, over any transport, with real datagrams on
// loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <thread>

#include "ps/flow/carrier.h"
#include "ps/flow/dgt_receiver.h"
#include "ps/flow/udp.h"
#include "tests/support/ps_cluster.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Mode = FlowConfig::Dgt::Mode;

constexpr std::size_t kBlock = 64;
constexpr std::size_t kBlocks = 40;
constexpr std::size_t kLength = kBlock * kBlocks - 7;

FlowConfig dgt(Mode mode) {
  FlowConfig flow;
  flow.dgt = {.mode = mode, .channels = 3, .k = 0.25, .block = kBlock, .wait = 5};
  return flow;
}

// The blocks' magnitudes differ.
std::vector<float> gradient(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(kLength);
  for (std::size_t i = 0; i < kLength; ++i) values[i] = normal(random) * static_cast<float>(1 + i / kBlock);
  return values;
}

Message push(std::uint64_t round, const std::vector<float>& values) {
  Message message;
  proto::Data& data = *message.header.mutable_data();
  data.set_operation(proto::PUSH_PULL);
  data.set_round(round);
  proto::Slice& slice = *data.add_slices();
  slice.set_key(4);
  slice.set_length(values.size());
  slice.set_total(values.size());
  message.frames.push_back(Buffer::copy_of(values.data(), values.size() * sizeof(float)));
  return message;
}

struct Keys {
  std::string server{}, worker{};
};

class DgtPair {
 public:
  explicit DgtPair(const FlowConfig& flow, const Keys& keys = {}) : DgtPair(flow, keys, inproc_medium()) {}
  DgtPair(const FlowConfig& flow, const Keys& keys, const Medium& medium)
      : plane_(medium, 1, 1, [](PlaneConfig& config) { config.global = true; }),
        server_(plane_.member(with(plane_.config(PlaneRole::server), keys.server))),
        worker_(plane_.member(with(plane_.config(PlaneRole::worker), keys.worker))),
        receiver_(*server_, [this](NodeId, const Message& message) { take(message); }),
        sender_(*worker_, [this](NodeId, const Message&) { answered_.add(); }) {
    server_->on_data([this](NodeId from, const Message& message) { receiver_.receive(from, message); });
    worker_->on_data([this](NodeId from, const Message& message) {
      try {
        sender_.receive(from, message);
      } catch (const Error&) {
        heard_.add();
        throw;
      }
      heard_.add();
    });
    worker_->on_failure([this](const std::string&) { failed_.add(); });
    EXPECT_THAT(run_all({[&] { server_->join(soon()); }, [&] { worker_->join(soon()); }}), Each(IsEmpty()));
    receiver_.use(flow, {});
    sender_.use(flow, {});
    if (flow.dgt.mode != Mode::datagrams) return;
    EXPECT_TRUE(heard_.reaches(1));  // where datagrams are taken
  }
  ~DgtPair() {
    run_all({[&] { server_->leave(); }, [&] { worker_->leave(); }});
    sender_.stop();
    receiver_.stop();
  }
  DgtPair(const DgtPair&) = delete;
  DgtPair& operator=(const DgtPair&) = delete;

  std::vector<float> exchange(const std::vector<float>& values) {
    sender_.send({Role::server, 0}, push(++round_, values));
    EXPECT_TRUE(come_.reaches(round_)) << "round " << round_;
    const std::lock_guard lock(mutex_);
    return last_;
  }
  bool fails() { return failed_.reaches(1); }
  std::string failure() const { return worker_->failure(); }

 private:
  static PlaneConfig with(PlaneConfig config, const std::string& key) {
    config.datagram_key = key;
    return config;
  }
  void take(const Message& message) {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(message.header.data().has_dgt());
    ASSERT_EQ(message.frames.size(), 1u);
    const auto floats = message.frames[0].as<float>();
    last_.assign(floats.begin(), floats.end());
    come_.add();
  }

  Plane plane_;
  std::mutex mutex_;
  std::vector<float> last_;
  Count come_, heard_, failed_, answered_;
  int round_ = 0;
  std::unique_ptr<Member> server_, worker_;
  Carrier receiver_, sender_;
};

double sum_of_squares(const std::vector<float>& values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

TEST(Dgt, DatagramsBringTheRest) {
  DgtPair pair(dgt(Mode::datagrams));
  for (std::uint64_t round = 1; round <= 20; ++round) EXPECT_EQ(pair.exchange(gradient(round)), gradient(round));
}

TEST(Dgt, DatagramsMayBeSealed) {
  const std::string key(32, 'k');
  DgtPair pair(dgt(Mode::datagrams), {key, key}, zmq_medium());
  for (std::uint64_t round = 1; round <= 5; ++round) EXPECT_EQ(pair.exchange(gradient(round)), gradient(round));
}

TEST(Dgt, TwoKeysAreRefusedInOneLine) {
  for (const Keys& keys : {Keys{std::string(32, 'k'), std::string(32, 'x')}, Keys{std::string(32, 'k'), {}},
                           Keys{{}, std::string(32, 'x')}}) {
    DgtPair pair(dgt(Mode::datagrams), keys);
    EXPECT_TRUE(pair.fails());
    EXPECT_THAT(pair.failure(), HasSubstr("GEOMX_DGT_KEY is not the same at server 0"));
  }
}

TEST(Dgt, WhatIsLostIsZeroAndWhatContributesMostIsNot) {
  FlowConfig flow = dgt(Mode::datagrams);
  flow.dgt.drop = 1;
  flow.dgt.wait = 0.02;
  DgtPair pair(flow);
  for (std::uint64_t round = 1; round <= 5; ++round) {
    const std::vector<float> sent = gradient(round), got = pair.exchange(gradient(round));
    std::size_t whole = 0;
    for (std::size_t block = 0; block < kBlocks; ++block) {
      const std::size_t at = block * kBlock;
      if (got[at] != 0) ++whole;
      EXPECT_TRUE(got[at] == sent[at] || got[at] == 0);
    }
    EXPECT_EQ(whole, kBlocks / 4);
    EXPECT_GT(sum_of_squares(got), 0.45 * sum_of_squares(sent));  // a quarter of the bytes
  }
}

TEST(Dgt, SomeLossLeavesTheRest) {
  FlowConfig flow = dgt(Mode::datagrams);
  flow.dgt.drop = 0.2;
  flow.dgt.wait = 0.2;
  DgtPair pair(flow);
  double share = 0;
  constexpr int kRounds = 10;
  for (int round = 1; round <= kRounds; ++round) {
    const auto seed = static_cast<std::uint64_t>(round);
    share += sum_of_squares(pair.exchange(gradient(seed))) / sum_of_squares(gradient(seed)) / kRounds;
  }
  EXPECT_GT(share, 0.8);
  EXPECT_LT(share, 1);
}

// Whatever is deferred or rounded comes with later pushes.
void expect_nothing_is_lost(Mode mode) {
  DgtPair pair(dgt(mode));
  std::vector<double> total(kLength), wanted(kLength);
  const auto exchange = [&](const std::vector<float>& values) {
    const std::vector<float> got = pair.exchange(values);
    for (std::size_t i = 0; i < kLength; ++i) {
      wanted[i] += static_cast<double>(values[i]);
      total[i] += static_cast<double>(got[i]);
    }
  };
  for (std::uint64_t round = 1; round <= 5; ++round) exchange(gradient(round));
  double missing = 0;
  for (std::size_t i = 0; i < kLength; ++i) missing = std::max(missing, std::abs(total[i] - wanted[i]));
  EXPECT_GT(missing, 0.01);
  for (int round = 0; round < 12; ++round) exchange(std::vector<float>(kLength));
  for (std::size_t i = 0; i < kLength; ++i) EXPECT_NEAR(total[i], wanted[i], 0.01) << i;
}

TEST(Dgt, DeferredBlocksComeWithTheNextPush) {
  expect_nothing_is_lost(Mode::deferred);
}

TEST(Dgt, WhatFourBitsTakeAwayComesWithTheNextPush) {
  expect_nothing_is_lost(Mode::four_bits);
}

TEST(Dgt, GarbageIsCountedAndDropped) {
  Plane plane(inproc_medium(), 1, 1, [](PlaneConfig& config) { config.global = true; });
  auto server = plane.member(PlaneRole::server);
  auto worker = plane.member(PlaneRole::worker);
  std::unique_ptr<DgtReceiver> receiver;
  Count offered;
  std::vector<int> ports;
  server->on_data([&](NodeId from, const Message& message) { receiver->receive(from, message); });
  worker->on_data([&](NodeId, const Message& message) {
    for (const std::uint32_t port : message.header.data().dgt().offer().ports())
      ports.push_back(static_cast<int>(port));
    offered.add();
  });
  EXPECT_THAT(run_all({[&] { server->join(soon()); }, [&] { worker->join(soon()); }}), Each(IsEmpty()));
  receiver = std::make_unique<DgtReceiver>(
      *server, dgt(Mode::datagrams).dgt, [](NodeId, const Message&) {}, Log());
  Message question;
  question.header.mutable_data()->set_operation(proto::DGT);
  question.header.mutable_data()->mutable_dgt()->set_ask(true);
  worker->send({Role::server, 0}, std::move(question));
  ASSERT_TRUE(offered.reaches(1));
  ASSERT_EQ(ports.size(), 3u);

  constexpr std::uint64_t kGarbage = 200;
  Udp socket(1);
  std::mt19937_64 random(5);
  for (std::uint64_t i = 0; i < kGarbage; ++i) {
    std::vector<std::uint8_t> bytes(random() % 1500);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    if (i % 2 == 0) {  // of our kind, but from nobody
      bytes = encode_datagram({.channel = 1, .sender = 77, .sequence = i + 1, .turn = 1, .piece = 1},
                              std::vector<float>(3), nullptr);
    }
    ASSERT_TRUE(socket.send({"127.0.0.1", ports[i % 3]}, bytes));
  }
  const auto deadline = soon();
  while (receiver->counters().malformed < kGarbage && Clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(receiver->counters().malformed, kGarbage);
  run_all({[&] { server->leave(); }, [&] { worker->leave(); }});
}

TEST(Udp, MarksWhatItSends) {
  const Udp listener(Endpoint{"127.0.0.1", 0});
  const int on = 1;
  ASSERT_EQ(::setsockopt(listener.descriptor(), IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
  for (const int code_point : code_points(8)) {
    Udp sender(code_point);
    ASSERT_TRUE(sender.send({"127.0.0.1", listener.port()}, std::array<std::uint8_t, 3>{1, 2, 3}));
    pollfd readable{listener.descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&readable, 1, 5000), 1);
    std::array<char, 16> bytes;
    std::array<char, 64> control;
    iovec into{bytes.data(), bytes.size()};
    msghdr header{};
    header.msg_iov = &into;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ASSERT_EQ(::recvmsg(listener.descriptor(), &header, 0), 3);
    const cmsghdr* told = CMSG_FIRSTHDR(&header);
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(*CMSG_DATA(told), code_point << 2);
  }
}

}  // namespace
}  // namespace geomx::ps::testing

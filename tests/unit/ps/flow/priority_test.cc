// Priority propagation between real members over a slow network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "ps/flow/carrier.h"
#include "tests/support/ps_cluster.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr std::size_t kSlice = 4096;  // elements: 16 KiB

FlowConfig p3() {
  return {.p3 = {.enabled = true, .slice = kSlice}};
}

Message slice(std::uint32_t key, std::uint64_t request = 0) {
  Message message;
  proto::Data& data = *message.header.mutable_data();
  data.set_request(request);
  data.add_slices()->set_key(key);
  const std::vector<float> values(kSlice, static_cast<float>(key));
  message.frames.push_back(Buffer::copy_of(values.data(), values.size() * sizeof(float)));
  return message;
}

// A member with a carrier, and the keys that have come to it.
class Node {
 public:
  Node(std::unique_ptr<Member> member, const FlowConfig& flow)
      : member_(std::move(member)), carrier_(*member_, [this](NodeId, const Message& message) { take(message); }) {
    carrier_.use(flow, {});
    member_->on_data([this](NodeId from, const Message& message) { carrier_.receive(from, message); });
  }
  ~Node() { member_->leave(); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Member& member() { return *member_; }
  Carrier& carrier() { return carrier_; }
  bool has_got(int messages) { return come_.reaches(messages); }
  std::vector<std::uint32_t> keys() {
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(whole_);
    return keys_;
  }

 private:
  void take(const Message& message) {
    const std::lock_guard lock(mutex_);
    keys_.push_back(message.header.data().slices(0).key());
    whole_ = whole_ && message.frames.size() == 1 && message.frames[0].size() == kSlice * sizeof(float) &&
             message.frames[0].as<float>()[kSlice - 1] == static_cast<float>(keys_.back());
    come_.add();
  }

  std::mutex mutex_;
  std::vector<std::uint32_t> keys_;
  bool whole_ = true;
  Count come_;
  std::unique_ptr<Member> member_;
  Carrier carrier_;  // used by the member's thread until that has left
};

// 4 MB/s: a slice takes 4 ms.
Medium slow() {
  return faulty_medium(inproc_medium(), {.delay = milliseconds(2), .rate = 4e6});
}

struct Cluster {
  Cluster(const Medium& medium, const FlowConfig& flow, int servers = 1) : plane(medium, servers, 1) {
    for (int i = 0; i < servers; ++i) nodes.push_back(std::make_unique<Node>(plane.member(PlaneRole::server), flow));
    nodes.push_back(std::make_unique<Node>(plane.member(PlaneRole::worker), flow));
    std::vector<std::function<void()>> joins;
    for (auto& node : nodes) joins.push_back([&node] { node->member().join(soon()); });
    EXPECT_THAT(run_all(joins), Each(IsEmpty()));
  }
  ~Cluster() {
    std::vector<std::function<void()>> leaves;
    for (auto& node : nodes) leaves.push_back([&node] { node->member().leave(); });
    run_all(leaves);
  }
  // Ranks follow addresses, and so not the order of making.
  Node& server(std::uint32_t rank) {
    for (auto& node : nodes) {
      if (node->member().self() == NodeId{Role::server, rank}) return *node;
    }
    throw Error("no server has that rank");
  }
  Node& worker() { return *nodes.back(); }

  Plane plane;
  std::vector<std::unique_ptr<Node>> nodes;
};

// What has come before the first piece of the shallow layer, which was sent last.
std::size_t before_the_shallow(const std::vector<std::uint32_t>& keys) {
  return static_cast<std::size_t>(std::find(keys.begin(), keys.end(), 0u) - keys.begin());
}

constexpr int kDeep = 30;
constexpr int kShallow = 3;

void send_deep_then_shallow(Node& from, NodeId to) {
  for (int i = 0; i < kDeep; ++i) from.carrier().send(to, slice(9));
  for (int i = 0; i < kShallow; ++i) from.carrier().send(to, slice(0));
}

TEST(Priority, ShallowLayersOvertakeOnTheWayUp) {
  Cluster cluster(slow(), p3());
  send_deep_then_shallow(cluster.worker(), {Role::server, 0});
  ASSERT_TRUE(cluster.server(0).has_got(kDeep + kShallow));
  EXPECT_LE(before_the_shallow(cluster.server(0).keys()), 8u);
}

TEST(Priority, AndOnTheWayDown) {
  Cluster cluster(slow(), p3());
  send_deep_then_shallow(cluster.server(0), {Role::worker, 0});
  ASSERT_TRUE(cluster.worker().has_got(kDeep + kShallow));
  EXPECT_LE(before_the_shallow(cluster.worker().keys()), 8u);
}

TEST(Priority, WithoutItTheyWait) {
  Cluster cluster(slow(), {});
  send_deep_then_shallow(cluster.worker(), {Role::server, 0});
  ASSERT_TRUE(cluster.server(0).has_got(kDeep + kShallow));
  EXPECT_EQ(before_the_shallow(cluster.server(0).keys()), static_cast<std::size_t>(kDeep));
}

TEST(Priority, EachOfSeveralServersHasAQueueOfItsOwn) {
  Cluster cluster(slow(), p3(), 3);
  for (std::uint32_t server = 0; server < 3; ++server) {
    send_deep_then_shallow(cluster.worker(), {Role::server, server});
  }
  for (std::uint32_t server = 0; server < 3; ++server) {
    ASSERT_TRUE(cluster.server(server).has_got(kDeep + kShallow)) << server;
    EXPECT_LE(before_the_shallow(cluster.server(server).keys()), 12u) << server;
  }
}

TEST(Priority, OverRealSocketsEverythingArrivesOnce) {
  Cluster cluster(zmq_medium(), p3(), 2);
  std::vector<std::uint32_t> sent;
  for (std::uint32_t i = 0; i < 500; ++i) {
    sent.push_back(i % 7);
    cluster.worker().carrier().send({Role::server, 1}, slice(i % 7, i));
  }
  ASSERT_TRUE(cluster.server(1).has_got(500));
  std::vector<std::uint32_t> got = cluster.server(1).keys();
  std::sort(got.begin(), got.end());
  std::sort(sent.begin(), sent.end());
  EXPECT_THAT(got, ElementsAreArray(sent));
}

TEST(Priority, LeavingDoesNotWaitForWhatIsQueued) {
  const auto start = Clock::now();
  {
    Cluster cluster(faulty_medium(inproc_medium(), {.rate = 1e5}), p3());
    for (int i = 0; i < 200; ++i) cluster.worker().carrier().send({Role::server, 0}, slice(1));
  }
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));  // 33 s of traffic were queued
}

}  // namespace
}  // namespace geomx::ps::testing

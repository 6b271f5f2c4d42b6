#include "ps/membership/member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/support/ps_cluster.h"

namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Members = std::vector<std::unique_ptr<Member>>;

Members make_members(const Plane& plane, int servers, int workers) {
  Members members;
  for (int i = 0; i < servers; ++i) members.push_back(plane.member(PlaneRole::server));
  for (int i = 0; i < workers; ++i) {
    PlaneConfig config = plane.config(PlaneRole::worker);
    config.order = static_cast<std::uint64_t>(workers - i);  // the last one made comes first
    config.master = i == 0;
    members.push_back(plane.member(config));
  }
  return members;
}

std::vector<std::string> each(Members& members, const std::function<void(Member&)>& act) {
  std::vector<std::function<void()>> ranks;
  for (auto& member : members) ranks.push_back([&act, &member] { act(*member); });
  return run_all(ranks);
}

void join_all(Members& members) {
  ASSERT_THAT(each(members, [](Member& member) { member.join(soon()); }), Each(IsEmpty()));
}

// A counter that a test can wait for.
class Count {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++value_;
    changed_.notify_all();
  }
  bool reaches(int value) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, soon(), [&] { return value_ >= value; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int value_ = 0;
};

class MemberTest : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Media, MemberTest, ::testing::ValuesIn(all_media()), [](const auto& test) { return test.param; });

TEST_P(MemberTest, RanksFollowTheOrderAndTheMasterIsFirst) {
  Plane plane(medium(GetParam()), 2, 3);
  Members members = make_members(plane, 2, 3);
  join_all(members);
  EXPECT_EQ(members[2]->self(), (NodeId{Role::worker, 0}));  // the master, though its order is the highest
  EXPECT_EQ(members[3]->self(), (NodeId{Role::worker, 2}));
  EXPECT_EQ(members[4]->self(), (NodeId{Role::worker, 1}));
  EXPECT_NE(members[0]->self(), members[1]->self());
  EXPECT_EQ(members[0]->self().role, Role::server);
  EXPECT_THAT(members[0]->name_of({Role::worker, 1}), HasSubstr("worker 1 ("));
  each(members, [](Member& member) { member.leave(); });
  EXPECT_EQ(plane.end(), "");
}

TEST_P(MemberTest, DataTravelsBetweenWorkersAndServersBothWays) {
  Plane plane(medium(GetParam()), 2, 2);
  Members members = make_members(plane, 2, 2);
  Count answers;
  for (std::size_t i = 0; i < 2; ++i) {
    members[i]->on_data([server = members[i].get()](NodeId from, Message message) { server->send(from, std::move(message)); });
  }
  for (std::size_t i = 2; i < 4; ++i) {
    members[i]->on_data([&](NodeId from, const Message& message) {
      if (from.role == Role::server && message.frames.at(0).as<float>()[0] == 1.5f) answers.add();
    });
  }
  join_all(members);
  const float value = 1.5f;
  for (std::size_t i = 2; i < 4; ++i) {
    for (std::uint32_t rank = 0; rank < 2; ++rank) {
      Message message;
      message.header.mutable_data()->set_request(7);
      message.frames.push_back(Buffer::copy_of(&value, sizeof value));
      members[i]->send({Role::server, rank}, std::move(message));
    }
  }
  EXPECT_TRUE(answers.reaches(4));
}

}  // namespace
}  // namespace geomx::ps::testing

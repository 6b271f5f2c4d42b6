#include "ps/membership/member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "tests/support/ps_cluster.h"

namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MemberTest : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Media, MemberTest, ::testing::ValuesIn(all_media()),
                         [](const auto& test) { return test.param; });

TEST_P(MemberTest, RanksFollowTheOrderAndTheMasterIsFirst) {
  Plane plane(medium(GetParam()), 2, 3);
  Members members = make_members(plane, 2, 3);
  ASSERT_THAT(join_all(members), Each(IsEmpty()));
  EXPECT_EQ(members[2]->self(), (NodeId{Role::worker, 0}));  // the master, though its order is the highest
  EXPECT_EQ(members[3]->self(), (NodeId{Role::worker, 2}));
  EXPECT_EQ(members[4]->self(), (NodeId{Role::worker, 1}));
  EXPECT_NE(members[0]->self(), members[1]->self());
  EXPECT_EQ(members[0]->self().role, Role::server);
  EXPECT_THAT(members[0]->name_of({Role::worker, 1}), HasSubstr("worker 1 ("));
  EXPECT_THAT(members[0]->roster(), HasSubstr(") at 127.0.0.1:"));
  EXPECT_THAT(members[0]->roster(), HasSubstr(", worker 2 ("));
  EXPECT_THAT(leave_all(members), Each(IsEmpty()));
  EXPECT_EQ(plane.end(), "");
}

TEST_P(MemberTest, DataTravelsBetweenWorkersAndServersBothWays) {
  Plane plane(medium(GetParam()), 2, 2);
  Members members = make_members(plane, 2, 2);
  Count answers;
  for (std::size_t i = 0; i < 2; ++i) {
    members[i]->on_data(
        [server = members[i].get()](NodeId from, Message message) { server->send(from, std::move(message)); });
  }
  for (std::size_t i = 2; i < 4; ++i) {
    members[i]->on_data([&](NodeId from, const Message& message) {
      if (from.role == Role::server && message.frames.at(0).as<float>()[0] == 1.5f) answers.add();
    });
  }
  ASSERT_THAT(join_all(members), Each(IsEmpty()));
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

TEST_P(MemberTest, ABarrierHoldsEveryoneUntilTheLast) {
  Plane plane(medium(GetParam()), 2, 3);
  Members members = make_members(plane, 2, 3);
  ASSERT_THAT(join_all(members), Each(IsEmpty()));
  constexpr int kTurns = 20;
  std::vector<std::atomic<int>> entered(kTurns);
  const auto errors = each(members, [&](Member& member) {
    for (int turn = 0; turn < kTurns; ++turn) {
      entered[static_cast<std::size_t>(turn)].fetch_add(1);
      member.barrier("turn", true, true, soon());
      EXPECT_EQ(entered[static_cast<std::size_t>(turn)].load(), 5);
    }
  });
  EXPECT_THAT(errors, Each(IsEmpty()));
}

TEST_P(MemberTest, ABarrierOfWorkersDoesNotWaitForServers) {
  Plane plane(medium(GetParam()), 1, 2);
  Members members = make_members(plane, 1, 2);
  ASSERT_THAT(join_all(members), Each(IsEmpty()));
  EXPECT_THAT(each(members,
                   [](Member& member) {
                     if (member.self().role == Role::worker) member.barrier("workers", false, true, soon());
                   }),
              Each(IsEmpty()));
  EXPECT_THROW(members[0]->barrier("workers", false, true, soon()), Error);
}

TEST_P(MemberTest, ABarrierThatDoesNotCompleteNamesWhoIsAwaited) {
  Plane plane(medium(GetParam()), 1, 2);
  Members members = make_members(plane, 1, 2);
  ASSERT_THAT(join_all(members), Each(IsEmpty()));
  try {
    members[1]->barrier("start", true, true, in(300ms));
    FAIL() << "two have not come";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("barrier start: still waiting for server 0 ("));
    EXPECT_THAT(error.what(), HasSubstr("), worker 1 ("));
    EXPECT_THAT(error.what(), HasSubstr("after 0.3 s"));
  }
  EXPECT_EQ(members[1]->failure(), "");
}

TEST_P(MemberTest, AllLearnWhoHasLeftInGoodOrder) {
  Plane plane(medium(GetParam()), 2, 2);
  Members members = make_members(plane, 2, 2);
  std::mutex mutex;
  std::vector<NodeId> left;
  Count told;
  for (std::size_t i = 0; i < 2; ++i) {
    members[i]->on_departed([&](NodeId who) {
      const std::lock_guard lock(mutex);
      left.push_back(who);
      told.add();
    });
  }
  ASSERT_THAT(join_all(members), Each(IsEmpty()));
  const NodeId first = members[2]->self();
  const NodeId second = members[3]->self();
  members[2]->leave();
  EXPECT_TRUE(told.reaches(2));
  members[3]->leave();
  EXPECT_TRUE(told.reaches(4));
  {
    const std::lock_guard lock(mutex);
    EXPECT_THAT(left, ElementsAre(first, first, second, second));
  }
  EXPECT_EQ(members[0]->failure(), "");
  members[0]->leave();
  members[1]->leave();
  EXPECT_EQ(plane.end(), "");
}

TEST_P(MemberTest, WhoHasLeftIsNotAwaitedAtABarrier) {
  Plane plane(medium(GetParam()), 1, 3);
  Members members = make_members(plane, 1, 3);
  ASSERT_THAT(join_all(members), Each(IsEmpty()));
  EXPECT_THAT(each(members,
                   [&](Member& member) {
                     if (&member == members[1].get()) return member.leave();
                     if (member.self().role == Role::worker) member.barrier("end", false, true, soon());
                   }),
              Each(IsEmpty()));
}

}  // namespace
}  // namespace geomx::ps::testing

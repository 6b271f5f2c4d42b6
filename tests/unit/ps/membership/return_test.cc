#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "tests/support/on_all_media.h"
#include "tests/support/ps_cluster.h"

// Who is lost and who comes back; the plane goes on.
namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Short enough for a test, long enough for a busy machine.
void fast_heartbeats(PlaneConfig& plane) {
  plane.heartbeat_interval = std::chrono::duration<double>(0.1);
  plane.heartbeat_timeout = std::chrono::duration<double>(0.6);
}

// What a member has heard of its peers. Outlives it, as the member's threads call this.
class Heard {
 public:
  void listen_to(Member& member) {
    member.on_lost([this](NodeId who, const std::string& line) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(to_string(who) + ": " + line);
      lost.add();
    });
    member.on_returned([this](NodeId) { returned.add(); });
    member.on_departed([this](NodeId) { departed.add(); });
    member.on_data([this](NodeId, const Message&) { data.add(); });
    member.on_notice([this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(line);
      notices.add();
    });
  }
  std::string line(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return index < lines_.size() ? lines_[index] : "";
  }

  Count lost, returned, departed, data, notices;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

Message data() {
  Message message;
  message.header.mutable_data()->set_request(7);
  return message;
}

constexpr NodeId kServer{Role::server, 0};
constexpr NodeId kWorker{Role::worker, 0};

// A server and two workers, of which the second can be cut off.
struct Three {
  explicit Three(const Medium& network)
      : plane(network, 1, 2, fast_heartbeats, [this](Scheduler& scheduler) {
          scheduler.on_presence([this](const Scheduler::Presence& presence) { presences.push_back(presence); });
        }) {
    members = make_members(plane, 1, 1);
    members.push_back(std::make_unique<Member>(second(), cut.on(network).node()));
    for (auto& member : members) heard.emplace_back(std::make_unique<Heard>())->listen_to(*member);
  }
  // Who comes after the first.
  PlaneConfig second() const {
    PlaneConfig config = plane.config(PlaneRole::worker);
    config.order = 5;
    return config;
  }

  std::vector<Scheduler::Presence> presences;  // once the plane has ended
  Plane plane;
  Cut cut;
  std::vector<std::unique_ptr<Heard>> heard;
  Members members;
};

TEST(ReturnTest, ASilentNodeIsLostAndThePlaneGoesOn) {
  on_all_media([](const Medium& network) {
    Three three(network);
    Members& members = three.members;
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    three.cut.cut();
    for (std::size_t i = 0; i < 2; ++i) {
      ASSERT_TRUE(three.heard[i]->lost.reaches(1));
      EXPECT_THAT(three.heard[i]->line(0),
                  AllOf(StartsWith("worker 1: worker 1 ("), HasSubstr(") has been silent for "),
                        HasSubstr(" s (PS_HEARTBEAT_TIMEOUT=0.6)")));
    }
    EXPECT_EQ(members[0]->failure(), "");
    members[0]->send({Role::worker, 1}, data());  // goes nowhere
    EXPECT_EQ(run_all({[&] { members[0]->barrier("on", true, true, soon()); },
                       [&] { members[1]->barrier("on", true, true, soon()); }}),
              std::vector<std::string>(2));
    members[0]->leave();
    members[1]->leave();
    EXPECT_EQ(three.plane.end(), "");
  });
}

TEST(ReturnTest, AnotherProcessTakesThePlaceOfALostOne) {
  on_all_media([](const Medium& network) {
    Three three(network);
    Members& members = three.members;
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    EXPECT_FALSE(members[2]->took_place());
    three.cut.cut();
    ASSERT_TRUE(three.heard[0]->lost.reaches(1));

    Heard there;
    Member again(three.second(), network.node());
    there.listen_to(again);
    again.join(soon());
    EXPECT_EQ(again.self(), (NodeId{Role::worker, 1}));
    EXPECT_TRUE(again.took_place());
    EXPECT_TRUE(three.heard[0]->returned.reaches(1));
    members[0]->send({Role::worker, 1}, data());
    EXPECT_TRUE(there.data.reaches(1));
    again.send(kServer, data());
    EXPECT_TRUE(three.heard[0]->data.reaches(1));
    for (Member* member : {members[0].get(), members[1].get(), &again}) member->leave();
    EXPECT_EQ(three.plane.end(), "");

    // The scheduler's observer has heard the same.
    ASSERT_EQ(three.presences.size(), 2u);
    for (const Scheduler::Presence& presence : three.presences) {
      EXPECT_EQ(presence.who, (NodeId{Role::worker, 1}));
      EXPECT_THAT(presence.name, HasSubstr(":"));
    }
    EXPECT_TRUE(three.presences[0].lost);
    EXPECT_GT(three.presences[0].silent_seconds, 0.5);
    EXPECT_FALSE(three.presences[1].lost);
  });
}

// Its death has not been noticed yet.
TEST(ReturnTest, AServerThatIsStartedAgainAtOnceGetsItsPlace) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 1, fast_heartbeats);
    Cut cut;
    Heard heard, there;
    Member first(plane.config(PlaneRole::server), cut.on(network).node());
    Member worker(plane.config(PlaneRole::worker), network.node());
    heard.listen_to(worker);
    ASSERT_THAT(run_all({[&] { first.join(soon()); }, [&] { worker.join(soon()); }}), Each(IsEmpty()));
    cut.cut();
    Member second(plane.config(PlaneRole::server), network.node());
    there.listen_to(second);
    second.join(soon());
    EXPECT_EQ(second.self(), kServer);
    ASSERT_TRUE(heard.returned.reaches(1));  // the road to its new address stands
    worker.send(kServer, data());
    EXPECT_TRUE(there.data.reaches(1));
    second.send(kWorker, data());
    EXPECT_TRUE(heard.data.reaches(1));
    worker.leave();
    second.leave();
    EXPECT_EQ(plane.end(), "");
  });
}

TEST(ReturnTest, ASecondNodeOfTheSameSliceIsOneTooManyWhileTheFirstLives) {
  on_all_media([](const Medium& network) {
    Three three(network);
    ASSERT_THAT(join_all(three.members), Each(IsEmpty()));
    Member surplus(three.second(), network.node());
    try {
      surplus.join(soon());
      FAIL() << "it has joined";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("is one too many: 2 of 2 workers are registered"));
    }
    EXPECT_THAT(leave_all(three.members), Each(IsEmpty()));
    EXPECT_EQ(three.plane.end(), "");
  });
}

TEST(ReturnTest, ANodeThatWasCutOffComesBackByItself) {
  on_all_media([](const Medium& network) {
    Three three(network);
    Members& members = three.members;
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    three.cut.cut();
    ASSERT_TRUE(three.heard[0]->lost.reaches(1));
    ASSERT_TRUE(three.heard[2]->notices.reaches(1));
    EXPECT_THAT(three.heard[2]->line(0),
                AllOf(StartsWith("the local scheduler at 127.0.0.1:"), HasSubstr(" has been silent for ")));
    three.cut.heal();
    EXPECT_TRUE(three.heard[0]->returned.reaches(1));
    EXPECT_TRUE(three.heard[2]->returned.reaches(1));
    members[2]->send(kServer, data());
    EXPECT_TRUE(three.heard[0]->data.reaches(1));
    members[0]->send({Role::worker, 1}, data());
    EXPECT_TRUE(three.heard[2]->data.reaches(1));
    EXPECT_THAT(each(members, [](Member& member) { member.barrier("on", true, true, soon()); }), Each(IsEmpty()));
    EXPECT_THAT(leave_all(members), Each(IsEmpty()));
    EXPECT_EQ(three.plane.end(), "");
  });
}

// One that was given up, and whose place has been taken since.
TEST(ReturnTest, ANodeWhosePlaceIsTakenEnds) {
  on_all_media([](const Medium& network) {
    Three three(network);
    Members& members = three.members;
    Count failed;
    members[2]->on_failure([&](const std::string&) { failed.add(); });
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    three.cut.cut();
    ASSERT_TRUE(three.heard[0]->lost.reaches(1));
    Member again(three.second(), network.node());
    again.join(soon());
    three.cut.heal();
    ASSERT_TRUE(failed.reaches(1));
    EXPECT_THAT(members[2]->failure(),
                AllOf(HasSubstr(" was given up by the local scheduler at "), HasSubstr(" has taken its place")));
    members[2]->fail(members[2]->failure());
    EXPECT_EQ(members[0]->failure(), "");
    for (Member* member : {members[0].get(), members[1].get(), &again}) member->leave();
    EXPECT_EQ(three.plane.end(), "");
  });
}

TEST(ReturnTest, ASchedulerThatBeginsAnewLearnsWhoIsThere) {
  on_all_media([](const Medium& network) {
    Three three(network);
    Members& members = three.members;
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    EXPECT_THAT(each(members, [](Member& member) { member.barrier("first", true, true, soon()); }), Each(IsEmpty()));
    three.plane.restart_scheduler();
    members[1]->send(kServer, data());  // nobody needs a scheduler for that
    EXPECT_TRUE(three.heard[0]->data.reaches(1));
    for (int turn = 0; turn < 2; ++turn) {
      EXPECT_THAT(each(members, [](Member& member) { member.barrier("second", true, true, soon()); }), Each(IsEmpty()));
    }
    three.cut.cut();  // it notices silence as the first one did
    ASSERT_TRUE(three.heard[0]->lost.reaches(1));
    Member again(three.second(), network.node());
    again.join(soon());
    EXPECT_EQ(again.self(), (NodeId{Role::worker, 1}));
    for (Member* member : {members[0].get(), members[1].get(), &again}) member->leave();
    EXPECT_EQ(three.plane.end(), "");
  });
}

TEST(ReturnTest, WithoutASchedulerThePlaneEndsInGoodOrder) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 1, fast_heartbeats);
    Heard server, worker;
    Members members = make_members(plane, 1, 1);
    server.listen_to(*members[0]);
    worker.listen_to(*members[1]);
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    plane.stop_scheduler();
    ASSERT_TRUE(server.notices.reaches(1));
    ASSERT_TRUE(worker.notices.reaches(1));
    EXPECT_EQ(members[0]->failure(), "");
    const auto start = Clock::now();
    members[1]->leave();
    EXPECT_TRUE(server.departed.reaches(1));
    members[0]->leave();
    EXPECT_LT(Clock::now() - start, 4s);  // nobody says goodbye to the dead
  });
}

TEST(ReturnTest, AServerThatNeverComesBackIsNotAwaitedForEver) {
  on_all_media([](const Medium& network) {
    Cut cut;
    Plane plane(network, 1, 1, [](PlaneConfig& config) {
      fast_heartbeats(config);
      config.rejoin_timeout = 1s;
    });
    Member server(plane.config(PlaneRole::server), cut.on(network).node());
    Member worker(plane.config(PlaneRole::worker), network.node());
    ASSERT_THAT(run_all({[&] { server.join(soon()); }, [&] { worker.join(soon()); }}), Each(IsEmpty()));
    cut.cut();
    worker.leave();
    EXPECT_THAT(plane.end(), AllOf(StartsWith("server 0 ("), HasSubstr(") was lost and has not come back within 1 s "
                                                                       "(GEOMX_REJOIN_TIMEOUT)")));
  });
}

}  // namespace
}  // namespace geomx::ps::testing

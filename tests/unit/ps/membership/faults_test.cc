#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/on_all_media.h"
#include "tests/support/ps_cluster.h"

// What goes wrong at registration and later: everyone ends with one line that says why, and nobody waits for ever.
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
  plane.heartbeat_timeout = std::chrono::duration<double>(1);
}
void no_heartbeats(PlaneConfig& plane) {
  plane.heartbeat_timeout = std::chrono::duration<double>(0);
}

std::string join_error(Member& member, Clock::time_point deadline) {
  try {
    member.join(deadline);
  } catch (const Error& error) {
    return error.what();
  }
  return "joined";
}

TEST(FaultsTest, AMissingSchedulerIsNamedWithItsVariables) {
  on_all_media([](const Medium& network) {
    const auto port = network.node();
    PlaneConfig config;
    config.scheduler_host = config.bind_host = config.advertised = "127.0.0.1";
    config.scheduler_port = port->bind({"127.0.0.1", 0}).port;
    config.num_servers = config.num_workers = 1;
    port->stop();
    Member member(config, network.node());
    const auto start = Clock::now();
    EXPECT_EQ(join_error(member, in(700ms)),
              "no answer from the local scheduler at 127.0.0.1:" + std::to_string(config.scheduler_port) +
                  " within 0.7 s (DMLC_PS_ROOT_URI, DMLC_PS_ROOT_PORT)");
    member.leave();
    EXPECT_LT(Clock::now() - start, 4s);  // what was queued for nobody is not waited for
  });
}

TEST(FaultsTest, ADifferentCountEndsThePlaneAtOnce) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 2);
    const auto worker = plane.member(PlaneRole::worker);
    PlaneConfig wrong = plane.config(PlaneRole::worker);
    wrong.num_workers = 3;
    const auto other = plane.member(wrong);
    const auto start = Clock::now();
    const auto errors = run_all({[&] { worker->join(soon()); }, [&] { other->join(soon()); }});
    EXPECT_THAT(errors[1], AllOf(HasSubstr("has DMLC_NUM_WORKER=3, and the local scheduler at "),
                                 HasSubstr(" has DMLC_NUM_WORKER=2: they must be equal")));
    EXPECT_EQ(plane.end(), errors[1]);
    EXPECT_LT(Clock::now() - start, 9s);  // before any deadline
    EXPECT_EQ(errors[0], errors[1]);
  });
}

// A node without heartbeats, or with rarer ones, would be declared lost in the middle of the training.
TEST(FaultsTest, DifferentHeartbeatsEndThePlaneAtOnce) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 1);
    PlaneConfig wrong = plane.config(PlaneRole::worker);
    wrong.heartbeat_timeout = std::chrono::duration<double>(0);
    Member member(wrong, network.node());
    EXPECT_THAT(join_error(member, soon()), AllOf(HasSubstr("has PS_HEARTBEAT_TIMEOUT=0, and the local scheduler at "),
                                                  HasSubstr(" has PS_HEARTBEAT_TIMEOUT=15: they must be equal")));
    EXPECT_THAT(plane.end(), HasSubstr("PS_HEARTBEAT_TIMEOUT=0"));
  });
}

TEST(FaultsTest, ASurplusNodeIsRefusedAndThePlaneGoesOn) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 1);
    Members members = make_members(plane, 1, 1);
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    const auto surplus = plane.member(PlaneRole::worker);
    EXPECT_THAT(join_error(*surplus, soon()),
                AllOf(HasSubstr("is one too many: 1 of 1 workers are registered"), HasSubstr("(DMLC_NUM_WORKER=1)")));
    EXPECT_THAT(each(members, [](Member& member) { member.barrier("on", true, true, soon()); }), Each(IsEmpty()));
    EXPECT_THAT(leave_all(members), Each(IsEmpty()));
    EXPECT_EQ(plane.end(), "");
  });
}

TEST(FaultsTest, APortInUseIsNamedWithItsVariable) {
  on_all_media([](const Medium& network) {
    const auto taken = network.node();
    const int port = taken->bind({"127.0.0.1", 0}).port;
    const std::string in_use =
        "cannot listen on 127.0.0.1:" + std::to_string(port) + ": port " + std::to_string(port) + " is in use";

    PlaneConfig config;
    config.scheduler_host = config.bind_host = config.advertised = "127.0.0.1";
    config.num_servers = config.num_workers = 1;
    config.scheduler_port = port;
    Scheduler scheduler(config, network.node());
    try {
      scheduler.run();
      FAIL() << "the port is taken";
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()),
                in_use + " (DMLC_PS_ROOT_URI=127.0.0.1, DMLC_PS_ROOT_PORT=" + std::to_string(port) + ")");
    }
    config.role = PlaneRole::server;
    config.port = port;
    Member member(config, network.node());
    EXPECT_EQ(join_error(member, soon()), in_use + " (PORT=" + std::to_string(port) + ")");
  });
}

TEST(FaultsTest, TheSchedulerSaysWhoHasNotRegistered) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 3, [](PlaneConfig& config) { config.join_timeout = 500ms; });
    Members members = make_members(plane, 1, 2);
    const auto errors = join_all(members);
    const std::string expected = "2 of 3 workers have registered within 0.5 s (DMLC_NUM_WORKER=3)";
    EXPECT_EQ(plane.end(), expected);
    EXPECT_THAT(errors, Each(expected));
  });
}

TEST(FaultsTest, AMemberThatGivesUpSaysWhoHasNotRegistered) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 2);
    const auto worker = plane.member(PlaneRole::worker);
    const std::string error = join_error(*worker, in(400ms));
    EXPECT_THAT(error, StartsWith("0 of 1 server has registered within 0.4 s (DMLC_NUM_SERVER=1); 1 of 2 workers have "
                                  "registered within 0.4 s (DMLC_NUM_WORKER=2) at the local scheduler at 127.0.0.1:"));
    EXPECT_THAT(plane.end(), AllOf(HasSubstr(" has ended before the plane was complete: "), HasSubstr(error)));
  });
}

TEST(FaultsTest, AnotherVersionOfTheProtocolIsRefused) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 1);
    const auto node = network.node();
    const PlaneConfig config = plane.config(PlaneRole::worker);
    node->connect(kScheduler, {config.scheduler_host, config.scheduler_port});
    Message message;
    message.header.set_version(kProtocolVersion + 1);
    message.header.mutable_register_()->set_name("old:1");
    node->send(kScheduler, std::move(message));
    const auto answer = node->receive(soon());
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->message.header.refusal().message(),
                AllOf(StartsWith("old:1 speaks version 3 of the protocol"), HasSubstr("speaks version 2")));
  });
}

TEST(FaultsTest, AFailureIsSharedAtOnceWithItsReason) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 2, no_heartbeats);
    Members members = make_members(plane, 1, 2);
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    members[2]->fail("the data set cannot be read");
    EXPECT_THROW(members[0]->barrier("end", true, true, soon()), Error);
    EXPECT_THAT(members[0]->failure(),
                AllOf(StartsWith("worker 1 ("), HasSubstr(" has failed: the data set cannot be read")));
    EXPECT_EQ(plane.end(), members[0]->failure());
  });
}

TEST(FaultsTest, ASchedulerThatIsEndedTellsEverybodyWhy) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 1, no_heartbeats);
    Members members = make_members(plane, 1, 1);
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    plane.scheduler().fail("ended by SIGTERM");
    EXPECT_THROW(members[0]->barrier("end", true, true, soon()), Error);
    EXPECT_THROW(members[1]->barrier("end", true, true, soon()), Error);
    for (auto& member : members) {
      EXPECT_THAT(member->failure(),
                  AllOf(StartsWith("the local scheduler at 127.0.0.1:"), HasSubstr(" has failed: ended by SIGTERM")));
    }
    EXPECT_EQ(plane.end(), members[0]->failure());
  });
}

TEST(FaultsTest, ASchedulerThatIsEndedBeforeThePlaneIsCompleteTellsWhoIsThere) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 2);
    Member member(plane.config(PlaneRole::worker), network.node());
    auto joining = std::async(std::launch::async, [&] { return join_error(member, soon()); });
    plane.scheduler().fail("ended by SIGTERM");
    EXPECT_THAT(plane.end(), HasSubstr(" has failed: ended by SIGTERM"));
    member.fail("the test is over");  // it may have come too late to be told
    EXPECT_NE(joining.get(), "joined");
  });
}

TEST(FaultsTest, AnExceptionInFlightIsAFailureAndNotAnOrderlyDeparture) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 1, no_heartbeats);
    Members members = make_members(plane, 1, 1);
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    try {
      const std::unique_ptr<Member> worker = std::move(members[1]);
      throw std::runtime_error("anything");
    } catch (const std::runtime_error&) {
    }
    EXPECT_THROW(members[0]->barrier("end", true, true, soon()), Error);
    EXPECT_THAT(members[0]->failure(), HasSubstr("has failed: it has ended with an error"));
  });
}

TEST(FaultsTest, AHandlerThatThrowsFailsThePlane) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 1, no_heartbeats);
    Members members = make_members(plane, 1, 1);
    members[0]->on_data([](NodeId, const Message&) { throw std::runtime_error("a bad gradient"); });
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    Message message;
    message.header.mutable_data();
    members[1]->send({Role::server, 0}, std::move(message));
    EXPECT_THROW(members[0]->barrier("end", true, true, soon()), Error);
    EXPECT_EQ(members[0]->failure(), "a bad gradient");
    members[0].reset();  // tells the others
    EXPECT_THROW(members[1]->barrier("late", true, true, soon()), Error);
    EXPECT_THAT(members[1]->failure(), HasSubstr("has failed: a bad gradient"));
  });
}

// A server that is busy with one message for much longer than the timeout, while a long queue of large ones waits.
TEST(FaultsTest, AQueueOfLargeMessagesAndABusyHandlerKillNobody) {
  on_all_media([](const Medium& network) {
    Plane plane(network, 1, 1, fast_heartbeats);
    Members members = make_members(plane, 1, 1);
    Count never;
    Count taken;
    members[0]->on_data([&](NodeId, const Message& message) {
      if (message.header.data().request() == 0) {
        EXPECT_FALSE(never.reaches_by(1, in(2500ms)));
      }
      taken.add();
    });
    ASSERT_THAT(join_all(members), Each(IsEmpty()));
    const auto megabytes = std::make_shared<std::vector<char>>(4 << 20);
    constexpr int kMessages = 16;
    for (int i = 0; i < kMessages; ++i) {
      Message message;
      message.header.mutable_data()->set_request(static_cast<std::uint64_t>(i));
      message.frames.emplace_back(megabytes, megabytes->data(), megabytes->size());
      members[1]->send({Role::server, 0}, std::move(message));
    }
    EXPECT_TRUE(taken.reaches(kMessages));
    EXPECT_EQ(members[0]->failure(), "");
    EXPECT_EQ(members[1]->failure(), "");
    EXPECT_THAT(leave_all(members), Each(IsEmpty()));
    EXPECT_EQ(plane.end(), "");
  });
}

// Every request is repeated, and a repetition changes nothing.
TEST(FaultsTest, LostAndDoubledMessagesDelayButDoNotBreak) {
  on_all_media([](const Medium& network) {
    const Medium bad = faulty_medium(network, {.seed = 3, .drop = 0.15, .duplicate = 0.15});
    Plane plane(bad, 1, 3, [](PlaneConfig& config) {
      no_heartbeats(config);
      config.join_timeout = 30s;
    });
    Members members = make_members(plane, 1, 3);
    ASSERT_THAT(each(members, [](Member& member) { member.join(in(30s)); }), Each(IsEmpty()));
    std::atomic<int> entered = 0;
    EXPECT_THAT(each(members,
                     [&](Member& member) {
                       for (int turn = 1; turn <= 3; ++turn) {
                         entered.fetch_add(1);
                         member.barrier("turn", true, true, in(30s));
                         EXPECT_GE(entered.load(), 4 * turn);
                       }
                     }),
                Each(IsEmpty()));
  });
}

}  // namespace
}  // namespace geomx::ps::testing

#include "ps/server/reception.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

Asker asker(std::uint32_t rank) {
  return {.from = {Role::worker, rank}};
}

Reception::Guest worker(std::uint32_t rank, std::optional<std::uint64_t> slice) {
  Reception::Guest guest{asker(rank), "worker " + std::to_string(rank), {}};
  if (slice) guest.greeting.add_workers()->set_slice(*slice);
  return guest;
}

Reception::Guest party_server(std::uint32_t rank, std::uint64_t party, const std::vector<std::string>& names = {}) {
  Reception::Guest guest{asker(rank), "party server " + std::to_string(rank), {}};
  guest.greeting.set_party(party);
  for (const std::string& name : names) guest.greeting.add_workers()->set_name(name);
  return guest;
}

std::string error_of(Reception& reception, const Reception::Guest& guest) {
  try {
    reception.greet(guest);
  } catch (const Error& error) {
    return error.what();
  }
  return "welcome";
}

TEST(ReceptionTest, IsCompleteWhenAllWorkersHaveGreeted) {
  Reception reception({.workers = 2, .of_parties = true});
  reception.greet(party_server(0, 9, {"a", "b"}));
  EXPECT_FALSE(reception.complete());
  EXPECT_FALSE(reception.has_greeted({Role::worker, 1}));
  reception.greet(party_server(1, 9));
  EXPECT_TRUE(reception.complete());
  EXPECT_THAT(reception.trainees(), SizeIs(2));
  EXPECT_THAT(reception.take_waiting(), SizeIs(2));
  EXPECT_THAT(reception.take_waiting(), SizeIs(0));
}

TEST(ReceptionTest, AWorkerIsNamedByTheServer) {
  Reception reception({.workers = 1});
  reception.greet(worker(0, 7));
  ASSERT_THAT(reception.trainees(), SizeIs(1));
  EXPECT_EQ(reception.trainees()[0].name(), "worker 0");
  EXPECT_EQ(reception.trainees()[0].slice(), 7u);
}

TEST(ReceptionTest, APlaneTrainsAsAWholeOrNotAtAll) {
  Reception trains({.workers = 2});
  EXPECT_THAT(error_of(trains, worker(0, std::nullopt)),
              HasSubstr("worker 0 has no data slice, but every worker of its party trains (--data-slice-idx"));
  EXPECT_EQ(error_of(trains, worker(0, 3)), "welcome");
  EXPECT_FALSE(trains.has_come_back({Role::worker, 0}));
  EXPECT_EQ(error_of(trains, worker(0, 3)), "welcome");  // another process in its place
  EXPECT_TRUE(trains.has_come_back({Role::worker, 0}));
  EXPECT_THAT(trains.take_waiting(), SizeIs(1));
  Reception idle({.workers = 1, .trains = false});
  EXPECT_THAT(error_of(idle, worker(0, 3)),
              HasSubstr("worker 0 has a data slice, but the central party does not train"));
}

TEST(ReceptionTest, WhoHasTrainedAndLeftIsMissed) {
  Reception reception({.workers = 2});
  reception.depart({Role::worker, 1}, "worker 1");
  EXPECT_EQ(reception.missing({asker(0)}), "worker 1");
  EXPECT_EQ(reception.missing({asker(1)}), "");
  EXPECT_FALSE(reception.all_have_left(false));
  reception.depart({Role::server, 0}, "server 0");
  EXPECT_FALSE(reception.all_have_left(false));
  reception.depart({Role::worker, 0}, "worker 0");
  EXPECT_TRUE(reception.all_have_left(false));
  Reception idle({.workers = 1, .trains = false});
  idle.depart({Role::worker, 0}, "master");  // nobody waits for its gradients
  EXPECT_EQ(idle.missing({asker(0)}), "");
}

// The central party's server, in the same process as the global one, is one more contributor.
TEST(ReceptionTest, TheStageInTheSameProcessIsMissedToo) {
  Reception reception({.workers = 1, .of_parties = true});
  reception.greet(party_server(0, 9, {"a"}));
  reception.depart_local("the central party");
  Asker local = asker(0);
  local.local = std::make_shared<const KvWorker::Answered>();
  EXPECT_EQ(reception.missing({asker(0)}), "the central party");
  EXPECT_EQ(reception.missing({local}), "");
}

// A party of two servers: one of them holds a chunk, and the other is not missed.
TEST(ReceptionTest, APartyContributesAsOne) {
  Reception reception({.workers = 3, .of_parties = true});
  reception.greet(party_server(0, 9, {"a"}));
  reception.greet(party_server(1, 9));
  reception.greet(party_server(2, 5, {"b"}));
  reception.depart({Role::worker, 1}, "party server 1");
  EXPECT_EQ(reception.missing({asker(0)}), "");
  EXPECT_EQ(reception.missing({asker(2)}), "party server 1");
}

TEST(ReceptionTest, WhoIsLostIsNotAwaited) {
  Reception reception({.workers = 3});
  reception.greet(worker(0, 0));
  reception.depart({Role::worker, 1}, "worker 1");
  EXPECT_FALSE(reception.complete());
  reception.lose({Role::worker, 2}, {});
  EXPECT_TRUE(reception.complete());
  EXPECT_EQ(reception.present(), 1u);
  reception.depart({Role::worker, 0}, "worker 0");
  EXPECT_FALSE(reception.all_have_left(false));
  EXPECT_TRUE(reception.all_have_left(true));
  EXPECT_TRUE(reception.find({Role::worker, 2}));
  EXPECT_FALSE(reception.all_have_left(true));
  EXPECT_FALSE(reception.complete());
}

}  // namespace
}  // namespace geomx::ps

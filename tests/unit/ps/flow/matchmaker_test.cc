#include "ps/flow/matchmaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace geomx::ps {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

NodeId worker(std::uint32_t rank) {
  return {Role::worker, rank};
}

proto::Ask ask(std::uint32_t held, std::uint32_t contributors, std::uint64_t round = 1, double greed = 1) {
  proto::Ask ask;
  ask.set_key(2);
  ask.set_round(round);
  ask.set_held(held);
  ask.set_contributors(contributors);
  ask.set_host("10.0.0.1");
  ask.set_port(4000);
  ask.set_greed(greed);
  return ask;
}

// Tells the matchmaker what a link carries, in a round of its own.
void tell(Matchmaker& matchmaker, NodeId from, NodeId to, double rate) {
  proto::Ask alone = ask(1, 1, 1000);
  proto::Throughput& measured = *alone.add_throughputs();
  measured.set_to(to.packed());
  measured.set_rate(rate);
  matchmaker.ask(from, alone);
}

void tell_all(Matchmaker& matchmaker, std::uint32_t workers, double rate) {
  for (std::uint32_t a = 0; a < workers; ++a) {
    for (std::uint32_t b = 0; b < workers; ++b) {
      if (a != b) tell(matchmaker, worker(a), worker(b), rate);
    }
  }
}

TEST(Matchmaker, WhoHasAllSendsToTheServer) {
  Matchmaker matchmaker;
  const auto matches = matchmaker.ask(worker(3), ask(4, 4));
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_EQ(matches[0].first, worker(3));
  EXPECT_TRUE(matches[0].second.server());
}

TEST(Matchmaker, OfTwoOneSendsToTheOther) {
  Matchmaker matchmaker;
  EXPECT_THAT(matchmaker.ask(worker(0), ask(1, 2)), IsEmpty());
  const auto matches = matchmaker.ask(worker(1), ask(1, 2));
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_FALSE(matches[0].second.server());
  EXPECT_NE(matches[0].second.to(), matches[0].first.packed());
  EXPECT_EQ(matches[0].second.host(), "10.0.0.1");
  EXPECT_EQ(matches[0].second.port(), 4000u);
}

// Plays a round: whoever is told to send has sent, and the receiver asks again. Returns (sender, receiver) in order.
std::vector<std::pair<NodeId, NodeId>> play(Matchmaker& matchmaker, std::uint32_t workers, std::uint64_t round,
                                            double greed, std::mt19937& random) {
  std::map<NodeId, std::uint32_t> held;
  std::vector<NodeId> order;
  for (std::uint32_t rank = 0; rank < workers; ++rank) {
    order.push_back(worker(rank));
    held[worker(rank)] = 1;
  }
  std::shuffle(order.begin(), order.end(), random);
  std::vector<std::pair<NodeId, NodeId>> sent;
  bool done = false;
  for (std::size_t next = 0; next < order.size(); ++next) {
    for (const auto& [from, match] : matchmaker.ask(order[next], ask(held[order[next]], workers, round, greed))) {
      if (match.server()) {
        EXPECT_EQ(held[from], workers);
        done = true;
        continue;
      }
      const NodeId to = NodeId::unpacked(match.to());
      held[to] += held[from];
      held.erase(from);
      sent.emplace_back(from, to);
      order.push_back(to);
    }
  }
  EXPECT_TRUE(done);
  return sent;
}

TEST(Matchmaker, EveryGradientGetsToTheServerOnceInAnyOrder) {
  std::mt19937 random(3);
  for (const double greed : {0.0, 0.5, 1.0}) {
    Matchmaker matchmaker;
    for (std::uint64_t round = 1; round <= 50; ++round) {
      const auto sent = play(matchmaker, 8, round, greed, random);
      std::set<NodeId> senders;
      for (const auto& [from, to] : sent) EXPECT_TRUE(senders.insert(from).second);
      EXPECT_EQ(senders.size(), 7u);
    }
  }
}

TEST(Matchmaker, TakesTheFastestLink) {
  Matchmaker matchmaker;
  tell_all(matchmaker, 4, 1e6);
  tell(matchmaker, worker(2), worker(1), 30e6);  // an average: 15.5e6
  matchmaker.ask(worker(2), ask(1, 4));
  EXPECT_THAT(matchmaker.ask(worker(3), ask(1, 4)), IsEmpty());  // 2 could do better
  const auto matches = matchmaker.ask(worker(1), ask(1, 4));
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_EQ(matches[0].first, worker(2));
  EXPECT_EQ(matches[0].second.to(), worker(1).packed());
}

TEST(Matchmaker, ALinkThatNobodyKnowsIsTried) {
  Matchmaker matchmaker;
  tell(matchmaker, worker(0), worker(1), 1e6);
  tell(matchmaker, worker(1), worker(0), 1e6);
  tell(matchmaker, worker(0), worker(2), 5e5);
  matchmaker.ask(worker(0), ask(1, 3));
  EXPECT_THAT(matchmaker.ask(worker(2), ask(1, 3)), SizeIs(1));
}

TEST(Matchmaker, RememberedRatesFollowTheMeasuredOnes) {
  Matchmaker matchmaker;
  tell(matchmaker, worker(0), worker(1), 8e6);
  EXPECT_EQ(matchmaker.rate(worker(0), worker(1)), 8e6);
  for (int i = 0; i < 10; ++i) tell(matchmaker, worker(0), worker(1), 1e6);
  EXPECT_NEAR(*matchmaker.rate(worker(0), worker(1)), 1e6, 1e4);
  tell(matchmaker, worker(0), worker(1), -5);
  EXPECT_NEAR(*matchmaker.rate(worker(0), worker(1)), 1e6, 1e4);
  EXPECT_FALSE(matchmaker.rate(worker(1), worker(0)));
}

std::size_t links_used(double greed) {
  Matchmaker matchmaker;
  tell_all(matchmaker, 4, 1e6);
  for (std::uint32_t rank = 1; rank < 4; ++rank) tell(matchmaker, worker(rank), worker(0), 100e6);
  std::mt19937 random(9);
  std::set<std::pair<NodeId, NodeId>> used;
  for (std::uint64_t round = 1; round <= 200; ++round) {
    for (const auto& link : play(matchmaker, 4, round, greed, random)) used.insert(link);
  }
  return used.size();
}

TEST(Matchmaker, ExploresAsOftenAsItIsNotGreedy) {
  EXPECT_EQ(links_used(1), 3u);     // all to the one with the fast links
  EXPECT_EQ(links_used(0.5), 12u);  // each at times
}

}  // namespace
}  // namespace geomx::ps

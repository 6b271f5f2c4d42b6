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
  alone.set_key(99);
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

proto::Ask once_more(proto::Ask ask) {
  ask.set_again(true);
  return ask;
}

TEST(Matchmaker, AQuestionThatIsRepeatedIsAnsweredTheSame) {
  Matchmaker matchmaker;
  EXPECT_THAT(matchmaker.ask(worker(0), ask(1, 3)), IsEmpty());
  EXPECT_THAT(matchmaker.ask(worker(0), once_more(ask(1, 3))), IsEmpty());  // it is ready already
  const auto matches = matchmaker.ask(worker(1), ask(1, 3));
  ASSERT_THAT(matches, SizeIs(1));
  const NodeId sender = matches[0].first;
  const auto again = matchmaker.ask(sender, once_more(ask(1, 3)));  // the answer has got lost
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again[0].first, sender);
  EXPECT_EQ(again[0].second.to(), matches[0].second.to());
  const NodeId receiver = NodeId::unpacked(matches[0].second.to());
  EXPECT_THAT(matchmaker.ask(receiver, once_more(ask(1, 3))), IsEmpty());  // it is sent to
  EXPECT_THAT(matchmaker.ask(worker(2), ask(1, 3)), IsEmpty());
  EXPECT_THAT(matchmaker.ask(receiver, ask(2, 3)), SizeIs(1));
}

// Who is declined asks anew.
TEST(Matchmaker, OneWhoseGradientNobodyHasTakenIsMatchedAgain) {
  Matchmaker matchmaker;
  matchmaker.ask(worker(0), ask(1, 3));
  const NodeId sender = matchmaker.ask(worker(1), ask(1, 3)).at(0).first;
  EXPECT_THAT(matchmaker.ask(sender, ask(1, 3)), IsEmpty());
  EXPECT_THAT(matchmaker.ask(worker(2), ask(1, 3)), SizeIs(1));
}

// Of a scheduler that has begun anew: it does not know who has sent what to whom.
TEST(Matchmaker, MayBeAskedInTheMiddleOfARound) {
  Matchmaker matchmaker;
  EXPECT_THAT(matchmaker.ask(worker(0), once_more(ask(1, 4))), IsEmpty());
  const auto matches = matchmaker.ask(worker(1), ask(3, 4));
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_TRUE(matchmaker.ask(NodeId::unpacked(matches[0].second.to()), ask(4, 4)).at(0).second.server());
}

// Somebody passes the round over, and nobody is lost.
TEST(Matchmaker, OneWhoHasWaitedForLongEnoughSendsWhatItHas) {
  Matchmaker matchmaker;
  matchmaker.ask(worker(0), ask(1, 4));
  const NodeId receiver = NodeId::unpacked(matchmaker.ask(worker(1), ask(1, 4)).at(0).second.to());
  EXPECT_THAT(matchmaker.ask(receiver, ask(2, 4)), IsEmpty());
  EXPECT_TRUE(matchmaker.ask(receiver, once_more(ask(2, 2))).at(0).second.server());
  EXPECT_TRUE(matchmaker.ask(worker(2), ask(1, 4)).at(0).second.server());  // and so do all others
}

TEST(Matchmaker, OneWhoIsLostIsNotWaitedFor) {
  Matchmaker matchmaker;
  EXPECT_THAT(matchmaker.ask(worker(0), ask(1, 3, 7)), IsEmpty());
  matchmaker.lose(worker(2));
  // Of the rounds that were under way, everybody sends to the server alone.
  EXPECT_TRUE(matchmaker.ask(worker(1), ask(1, 3, 7)).at(0).second.server());
  // Of the later ones, the two that are left are matched.
  EXPECT_THAT(matchmaker.ask(worker(0), ask(1, 3, 8)), IsEmpty());
  const auto matches = matchmaker.ask(worker(1), ask(1, 3, 8));
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_TRUE(matchmaker.ask(NodeId::unpacked(matches[0].second.to()), ask(2, 3, 8)).at(0).second.server());
  // It is back when it asks; a round that is over here goes to the server.
  EXPECT_TRUE(matchmaker.ask(worker(2), ask(1, 3, 8)).at(0).second.server());
  EXPECT_THAT(matchmaker.ask(worker(0), ask(1, 3, 9)), IsEmpty());
  EXPECT_THAT(matchmaker.ask(worker(1), ask(1, 3, 9)), SizeIs(1));
  EXPECT_THAT(matchmaker.ask(worker(2), ask(1, 3, 9)), IsEmpty());
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

#include "ps/membership/barriers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace geomx::ps {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr NodeId kServer{Role::server, 0};
constexpr NodeId kFirst{Role::worker, 0};
constexpr NodeId kSecond{Role::worker, 1};

const Barriers::Barrier kWorkers{"start", Barriers::workers, 1};
const Barriers::Barrier kAll{"start", Barriers::servers | Barriers::workers, 1};

TEST(BarriersTest, ReleasesWhenTheGroupIsThere) {
  Barriers barriers({kServer, kFirst, kSecond});
  EXPECT_THAT(barriers.arrive(kFirst, kWorkers), IsEmpty());
  EXPECT_THAT(barriers.awaited(kWorkers), ElementsAre(kSecond));
  const auto releases = barriers.arrive(kSecond, kWorkers);
  ASSERT_THAT(releases, SizeIs(1));
  EXPECT_EQ(releases[0].barrier, kWorkers);
  EXPECT_THAT(releases[0].to, ElementsAre(kFirst, kSecond));
}

TEST(BarriersTest, TheSameNameForAnotherGroupIsAnotherBarrier) {
  Barriers barriers({kServer, kFirst});
  EXPECT_THAT(barriers.arrive(kServer, kAll), IsEmpty());
  EXPECT_THAT(barriers.arrive(kFirst, kWorkers), SizeIs(1));
  EXPECT_THAT(barriers.awaited(kAll), ElementsAre(kFirst));
}

TEST(BarriersTest, ARepeatedRequestNeverCountsForTheNextUse) {
  Barriers barriers({kFirst, kSecond});
  barriers.arrive(kFirst, kWorkers);
  EXPECT_THAT(barriers.arrive(kFirst, kWorkers), IsEmpty());
  barriers.arrive(kSecond, kWorkers);
  const auto again = barriers.arrive(kFirst, kWorkers);  // its release was lost
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_THAT(again[0].to, ElementsAre(kFirst));
  Barriers::Barrier next = kWorkers;
  ++next.generation;
  EXPECT_THAT(barriers.arrive(kSecond, next), IsEmpty());
  EXPECT_THAT(barriers.awaited(next), ElementsAre(kFirst));
}

TEST(BarriersTest, WhoHasLeftIsNotAwaited) {
  Barriers barriers({kServer, kFirst, kSecond});
  barriers.arrive(kFirst, kWorkers);
  const auto releases = barriers.depart(kSecond);
  ASSERT_THAT(releases, SizeIs(1));
  EXPECT_THAT(releases[0].to, ElementsAre(kFirst));
  EXPECT_THAT(barriers.depart(kServer), IsEmpty());
}

}  // namespace
}  // namespace geomx::ps

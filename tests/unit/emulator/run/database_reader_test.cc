#include "emulator/run/database_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>

#include "emulator/base/error.h"
#include "emulator/run/database.h"
#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DatabaseReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "geomx-reader-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
  }
  void TearDown() override { fs::remove_all(base_); }
  fs::path file() const { return base_ / "run.sqlite"; }
  Database make() const { return Database(file(), {{"a-worker-0", "host", "a", "worker", "10.0.0.1"}}, plan_.links); }

  fs::path base_;
  lab::Plan plan_ = test::plan_of(test::three_dc());
};

TEST_F(DatabaseReaderTest, FollowsWhatIsWritten) {
  Database database = make();
  DatabaseReader reader(file());
  EXPECT_THAT(reader.next().steps, IsEmpty());
  database.add_step(1.5, "a-worker-0", {12, 0, 0.5, 32, 2, 130, 0});
  EXPECT_THAT(reader.next().steps, IsEmpty()) << "not committed yet";
  database.flush();
  const std::vector<StepRow> first = reader.next().steps;
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].node, "a-worker-0");
  EXPECT_EQ(first[0].round, 12);
  EXPECT_DOUBLE_EQ(first[0].loss.value(), 0.5);
  EXPECT_EQ(first[0].samples, 32);
  EXPECT_DOUBLE_EQ(first[0].communicate_ms, 130);
  database.add_step(1.6, "a-worker-0", {13, 0, std::nan(""), 32, 2, 130, 0});
  database.add_evaluation(9, "a-worker-0", {469, 1, 0.83, 0.45, 10000, 310, 0});
  database.add_round(2.5, "a-server-0", {7, 1, 2, 3, 4, 5, 0});
  database.add_event(10, "exit", "a-worker-0", "exited with code 0");
  database.flush();
  const DatabaseRows next = reader.next();
  ASSERT_THAT(next.steps, SizeIs(1)) << "only what is new";
  EXPECT_FALSE(next.steps[0].loss) << "diverged";
  ASSERT_THAT(next.evaluations, SizeIs(1));
  EXPECT_DOUBLE_EQ(next.evaluations[0].test_accuracy, 0.83);
  ASSERT_THAT(next.rounds, SizeIs(1));
  EXPECT_DOUBLE_EQ(next.rounds[0].gather_ms, 1);
  EXPECT_DOUBLE_EQ(next.rounds[0].pull_ms, 5);
  ASSERT_THAT(next.events, SizeIs(1));
  EXPECT_EQ(next.events[0].kind, "exit");
  EXPECT_EQ(next.events[0].detail, "exited with code 0");
  EXPECT_FALSE(next.more);
}

TEST_F(DatabaseReaderTest, AddsUpTheWanAndSinglesOutALink) {
  Database database = make();
  for (const double time : {1.0, 1.5, 2.0}) {
    for (std::size_t link = 0; link < plan_.links.size(); ++link) {
      control::LinkCounters counters;
      counters.forward.bytes = static_cast<std::uint64_t>(1000 * time);
      counters.backward.bytes = 7;
      counters.backward.delay_nanoseconds = 30'000'000;
      database.add_link_sample(time, link, counters);
    }
  }
  database.flush();
  DatabaseReader reader(file());
  const DatabaseRows rows = reader.next();
  ASSERT_THAT(rows.wan, SizeIs(3));
  EXPECT_DOUBLE_EQ(rows.wan[1].time, 1.5);
  EXPECT_DOUBLE_EQ(rows.wan[1].bytes, 2 * (1500 + 7)) << "two links, the LANs left out";
  EXPECT_THAT(reader.next().wan, IsEmpty());

  std::int64_t after = 0;
  EXPECT_THAT(reader.link_samples("wan-b", after, 4), SizeIs(4));
  const std::vector<LinkSampleRow> rest = reader.link_samples("wan-b", after);
  ASSERT_THAT(rest, SizeIs(2));
  EXPECT_TRUE(rest[0].forward);
  EXPECT_EQ(rest[0].bytes, 2000u);
  EXPECT_FALSE(rest[0].delay_ms);
  EXPECT_FALSE(rest[1].forward);
  EXPECT_DOUBLE_EQ(rest[1].delay_ms.value(), 30);
  EXPECT_THAT(reader.link_samples("wan-b", after), IsEmpty());
}

TEST_F(DatabaseReaderTest, TakesMuchInPieces) {
  Database database = make();
  for (int round = 0; round < 25; ++round) database.add_step(round, "a-worker-0", {round, 0, 0.5, 32, 2, 130, 0});
  database.flush();
  DatabaseReader reader(file());
  EXPECT_TRUE(reader.next(10).more);
  EXPECT_TRUE(reader.next(10).more);
  const DatabaseRows last = reader.next(10);
  EXPECT_FALSE(last.more);
  ASSERT_THAT(last.steps, SizeIs(5));
  EXPECT_EQ(last.steps[4].round, 24);
}

TEST_F(DatabaseReaderTest, ReadsAFinishedRunThatNobodyMayWriteTo) {
  {
    Database database = make();
    database.add_event(1, "start", "", "");
  }
  fs::permissions(base_, fs::perms::owner_read | fs::perms::owner_exec);
  DatabaseReader reader(file());
  EXPECT_THAT(reader.next().events, SizeIs(1));
  EXPECT_FALSE(fs::exists(base_ / "run.sqlite-shm") && ::geteuid() != 0);
  fs::permissions(base_, fs::perms::owner_all);
}

TEST_F(DatabaseReaderTest, AFileThatIsNoneIsAWorkError) {
  EXPECT_THROW(DatabaseReader(base_ / "run.sqlite"), WorkError) << "missing";
  std::FILE* garbage = std::fopen(file().c_str(), "w");
  std::fputs("this is not a database, however long one looks at it", garbage);
  std::fclose(garbage);
  EXPECT_THROW(DatabaseReader{file()}, WorkError);
}

}  // namespace
}  // namespace geomx::run

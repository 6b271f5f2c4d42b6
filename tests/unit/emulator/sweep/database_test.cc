#include "emulator/sweep/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "emulator/base/error.h"
#include "emulator/sweep/resume.h"
#include "emulator/sweep/sqlite.h"
#include "tests/unit/emulator/sweep/fixture.h"

namespace geomx::sweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class SweepDatabaseTest : public test::SweepTest {
 protected:
  void SetUp() override {
    test::SweepTest::SetUp();
    grid_ = grid({vary("topology.links.*.rate", "10Mbit,20Mbit"), vary("training.sync.name", "fsa,hfa")});
    trials_ = shuffled(trials_in_order(std::vector<std::uint64_t>(4, 7), 2), 7);
    Database::create(file(),
                     {.name = "two",
                      .scenario = "/two.json",
                      .directory = "/",
                      .command = "geomx-emu sweep",
                      .shaper = "wire",
                      .seed = 7,
                      .repeat = 2,
                      .shuffled = true},
                     grid_, trials_);
  }
  std::filesystem::path file() const { return base_ / "sweep.sqlite"; }

  // The first column of what a query finds, by another connection.
  std::vector<std::string> query(const std::string& sql) const {
    const Sqlite database(file(), false);
    Statement statement(database, sql);
    std::vector<std::string> values;
    for (bool row = statement.run(); row; row = statement.next()) {
      values.push_back(statement.is_null(0) ? "NULL" : statement.text(0));
    }
    return values;
  }

  static RunResult ok(double round_s, const std::string& verdict = "faithful") {
    RunResult result;
    result.outcome = Outcome::ok;
    result.verdict = verdict;
    result.wall_seconds = 3;
    result.round_s = round_s;
    result.metrics = {{"training.rounds", 4}, {"training.wan_bytes", 1e6}};
    return result;
  }
  static RunResult failure(const std::string& why) {
    RunResult result;
    result.error = why;
    return result;
  }

  Grid grid_;
  std::vector<Trial> trials_;
};

TEST_F(SweepDatabaseTest, GivesBackWhatItWasMadeOf) {
  const Database database(file());
  const Description description = database.description();
  EXPECT_EQ(description.name, "two");
  EXPECT_EQ(description.shaper, "wire");
  EXPECT_EQ(description.repeat, 2);
  EXPECT_TRUE(description.shuffled);
  const Grid grid = database.grid();
  ASSERT_EQ(grid.points.size(), grid_.points.size());
  for (std::size_t i = 0; i < grid.points.size(); ++i) {
    EXPECT_EQ(describe(grid, grid.points[i]), describe(grid_, grid_.points[i]));
    EXPECT_EQ(grid.points[i].scenario, grid_.points[i].scenario);
  }
  EXPECT_EQ(grid.variations[0].values, grid_.variations[0].values);
  require_same(database, "here", grid_, trials_);
  const std::vector<RunRow> runs = database.runs();
  ASSERT_EQ(runs.size(), 8u);
  for (const RunRow& run : runs) EXPECT_EQ(run.status, "pending");
}

TEST_F(SweepDatabaseTest, ASweepThatIsAnotherIsRefused) {
  const Database database(file());
  const auto complaint = [&](const Grid& grid, const std::vector<Trial>& trials) {
    try {
      require_same(database, "here", grid, trials);
      return std::string("accepted");
    } catch (const InputError& error) {
      return error.line();
    }
  };
  EXPECT_THAT(complaint(grid({vary("training.sync.name", "fsa,hfa")}), trials_), HasSubstr("it varies 2 paths, not 1"));
  EXPECT_THAT(
      complaint(grid({vary("topology.links.*.rate", "10Mbit,30Mbit"), vary("training.sync.name", "fsa,hfa")}), trials_),
      HasSubstr("it varies topology.links.*.rate=10Mbit,20Mbit, not topology.links.*.rate=10Mbit,30Mbit"));
  EXPECT_THAT(complaint(grid({vary("topology.links.*.rate", "10Mbit,20Mbit"), vary("training.sync.name", "fsa,hfa")},
                             {"training.rounds=9"}),
                        trials_),
              HasSubstr("its scenario has changed"));
  EXPECT_THAT(complaint(grid_, trials_in_order(std::vector<std::uint64_t>(4, 7), 2)), HasSubstr("another order"));
}

TEST_F(SweepDatabaseTest, RecordsAttempts) {
  Database database(file());
  const std::int64_t failed = database.begin_attempt(1, "runs/0001", 1);
  EXPECT_EQ(database.runs()[0].status, "running");
  database.end_attempt(failed, failure("no such thing"), "pending");
  EXPECT_EQ(database.runs()[0].failures, 1);
  EXPECT_EQ(database.runs()[0].error, "no such thing");
  database.end_attempt(database.begin_attempt(1, "runs/0001", 1), ok(0.5), "ok");
  const RunRow run = database.runs()[0];
  EXPECT_EQ(run.status, "ok");
  EXPECT_EQ(run.error, std::nullopt);
  EXPECT_EQ(run.verdict, "faithful");
  EXPECT_EQ(run.round_s, 0.5);
  EXPECT_THAT(database.metric("training.rounds"), ElementsAre(Pair(1, 4)));
  EXPECT_THAT(query("SELECT outcome FROM attempts ORDER BY id"), ElementsAre("failed", "ok"));
  EXPECT_EQ(database.count("ok"), 1u);
  EXPECT_FALSE(database.all_well());
}

TEST_F(SweepDatabaseTest, DegradedBesideOthersIsRememberedUntilItIsRepeated) {
  Database database(file());
  database.end_attempt(database.begin_attempt(1, "runs/0001", 2), ok(0.5, "degraded"), "pending");
  EXPECT_TRUE(database.runs()[0].starved);
  EXPECT_THAT(database.metric("training.rounds"), ElementsAre()) << "its numbers are none";
  database.begin_attempt(1, "runs/0001", 1);
  EXPECT_EQ(database.forget_running(), 1);
  EXPECT_TRUE(database.runs()[0].starved) << "a kill meanwhile";
  database.end_attempt(database.begin_attempt(1, "runs/0001", 1), ok(0.5, "degraded"), "ok");
  EXPECT_FALSE(database.runs()[0].starved);
}

TEST_F(SweepDatabaseTest, ResultsHaveTheVariedValuesAsColumns) {
  {
    Database database(file());
    for (int run = 1; run <= 8; ++run) database.end_attempt(database.begin_attempt(run, "x", 1), ok(run), "ok");
    EXPECT_TRUE(database.all_well());
  }
  EXPECT_THAT(query("SELECT rate || ' ' || sync || ' ' || count(*) FROM results GROUP BY rate, sync"),
              ElementsAre("10Mbit fsa 2", "10Mbit hfa 2", "20Mbit fsa 2", "20Mbit hfa 2"));
  EXPECT_THAT(query("SELECT DISTINCT wan_bytes FROM results"), ElementsAre("1000000.0"));
  EXPECT_THAT(query("PRAGMA journal_mode"), ElementsAre("wal"));
}

TEST_F(SweepDatabaseTest, WhatWasRecordedSurvivesAKill) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Database database(file());
    database.end_attempt(database.begin_attempt(1, "runs/0001", 1), ok(0.5), "ok");
    database.begin_attempt(2, "runs/0002", 1);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  Database database(file());
  EXPECT_EQ(database.runs()[1].status, "running");
  EXPECT_EQ(database.forget_running(), 1);
  EXPECT_EQ(database.runs()[0].status, "ok");
  EXPECT_EQ(database.runs()[1].status, "pending");
  EXPECT_EQ(database.runs()[1].failures, 0) << "a kill is no failure of the run";
  EXPECT_THAT(query("SELECT outcome FROM attempts WHERE run = 2"), ElementsAre("killed"));
  EXPECT_THAT(query("PRAGMA integrity_check"), ElementsAre("ok"));
}

TEST_F(SweepDatabaseTest, AnotherVersionIsRefused) {
  Sqlite(file(), false).execute("PRAGMA user_version = 99");
  try {
    Database{file()};
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.line(), HasSubstr("its tables are of version 99"));
  }
  EXPECT_THROW(Database{base_ / "none.sqlite"}, WorkError);
}

}  // namespace
}  // namespace geomx::sweep

#include "emulator/sweep/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <iterator>

#include "emulator/base/error.h"
#include "emulator/sweep/sqlite.h"
#include "tests/unit/emulator/sweep/fixture.h"

// A script stands in for `geomx-emu run`: what becomes of runs is tested here, what they do elsewhere.
namespace geomx::sweep {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Notes that run N has begun, then does what the file act-N-ATTEMPT says, or act-N, or is ok.
constexpr const char* kProgram = R"sh(#!/bin/bash
base=$(dirname "$0")
out=$4
run=$((10#${out##*/}))
summary() {
  mkdir -p "$out"
  echo '{"status":"'$1'","error":'${3:-null}',"wall_seconds":1.5,"training":{"rounds":4},"links":[],
         "fidelity":{"verdict":"'"$2"'"},"expectations":[]}' > "$out/summary.json"
}
echo "$run $6" >> "$base/begun"
attempt=$(grep -c "^$run " "$base/begun")
for act in "$base/act-$run-$attempt" "$base/act-$run"; do
  if [ -e "$act" ]; then . "$act"; exit; fi
done
summary ok faithful
)sh";

class RunnerTest : public test::SweepTest {
 protected:
  void SetUp() override {
    test::SweepTest::SetUp();
    std::ofstream(base_ / "program") << kProgram;
    fs::permissions(base_ / "program", fs::perms::owner_all);
    grid_ = grid({vary("training.rounds", "1..4")});
    trials_ = trials_in_order(std::vector<std::uint64_t>(4, 7), 1);
    folder_.emplace(SweepFolder::create("two", base_ / "out"));
    Database::create(folder_->database(), {.name = "two", .directory = base_}, grid_, trials_);
    options_.program = base_ / "program";
  }
  void act(const std::string& run, const std::string& script) const { std::ofstream(base_ / ("act-" + run)) << script; }

  SweepEnd run(int jobs = 1) {
    options_.jobs = jobs;
    Database database(folder_->database());
    SweepProgress progress(SweepProgress::Mode::silent);
    return run_pending(database, *folder_, options_, progress);
  }
  std::vector<std::string> statuses() const {
    std::vector<std::string> all;
    for (const RunRow& row : Database(folder_->database()).runs()) all.push_back(row.status);
    return all;
  }
  RunRow row(std::size_t run) const { return Database(folder_->database()).runs().at(run - 1); }
  std::vector<std::string> begun() const {
    std::ifstream file(base_ / "begun");
    return {std::istream_iterator<Line>(file), std::istream_iterator<Line>()};
  }
  std::vector<int> at_once() const {
    const Sqlite database(folder_->database(), false);
    Statement query(database, "SELECT at_once FROM attempts ORDER BY id");
    std::vector<int> all;
    for (bool row = query.run(); row; row = query.next()) all.push_back(static_cast<int>(query.integer(0)));
    return all;
  }

  struct Line : std::string {
    friend std::istream& operator>>(std::istream& in, Line& line) { return std::getline(in, line); }
  };
  Grid grid_;
  std::vector<Trial> trials_;
  std::optional<SweepFolder> folder_;
  SweepOptions options_;
};

TEST_F(RunnerTest, RunsEachOnceWithItsSeed) {
  EXPECT_EQ(run(), SweepEnd::complete);
  EXPECT_THAT(begun(), ElementsAre("1 7", "2 7", "3 7", "4 7"));
  EXPECT_THAT(statuses(), ElementsAre("ok", "ok", "ok", "ok"));
  EXPECT_EQ(row(2).wall_seconds, 1.5);
  EXPECT_EQ(run(), SweepEnd::complete) << "nothing is left";
  EXPECT_EQ(begun().size(), 4u);
}

TEST_F(RunnerTest, FailuresAreRepeatedOnceAndDoNotStopTheRest) {
  act("1-1", R"(echo "geomx-emu: a: no luck" >&2; exit 1)");
  act("2", R"(summary failed "not measured" '"b: broken"'; exit 1)");
  act("3", "kill -SEGV $$");
  EXPECT_EQ(run(), SweepEnd::complete);
  EXPECT_THAT(begun(), ElementsAre("1 7", "2 7", "3 7", "4 7", "1 7", "2 7", "3 7"));
  EXPECT_THAT(statuses(), ElementsAre("ok", "failed", "failed", "ok"));
  EXPECT_EQ(row(2).error, "b: broken");
  EXPECT_THAT(*row(3).error, StartsWith("killed by signal 11"));
  const Sqlite database(folder_->database(), false);
  Statement first(database, "SELECT error FROM attempts WHERE run = 1 ORDER BY id");
  ASSERT_TRUE(first.run());
  EXPECT_EQ(first.text(0), "a: no luck");
}

TEST_F(RunnerTest, AnEarlierAttemptsSummaryIsNotTheNextOnes) {
  act("1-1", "summary failed faithful '\"once\"'; exit 1");
  act("1-2", "exit 1");
  run();
  EXPECT_EQ(row(1).error, "exited with code 1");
}

TEST_F(RunnerTest, DegradedBesideAnotherIsRepeatedAlone) {
  // Each waits until the other has begun.
  const std::string both = R"(until [ $(grep -c . "$base/begun") -ge 2 ]; do :; done; summary ok )";
  act("1-1", both + "degraded");
  act("2-1", both + "faithful");
  EXPECT_EQ(run(2), SweepEnd::complete);
  EXPECT_THAT(statuses(), ElementsAre("ok", "ok", "ok", "ok"));
  EXPECT_EQ(row(1).verdict, "faithful");
  const std::vector<int> jobs = at_once();
  ASSERT_EQ(jobs.size(), 5u);
  EXPECT_EQ(jobs[1], 2);
  EXPECT_EQ(jobs.back(), 1) << "and one at once from then on";
}

TEST_F(RunnerTest, DegradedAloneIsDone) {
  act("2", "summary ok degraded");
  EXPECT_EQ(run(), SweepEnd::complete);
  EXPECT_EQ(row(2).verdict, "degraded");
  EXPECT_EQ(begun().size(), 4u);
}

TEST_F(RunnerTest, WhatTakesTooLongIsEnded) {
  act("1", "exec sleep 60");
  options_.limit = std::chrono::milliseconds(200);
  EXPECT_EQ(run(), SweepEnd::complete);
  EXPECT_EQ(row(1).status, "failed");
  EXPECT_EQ(row(1).error, "took longer than the limit of 0.2 s");
}

TEST_F(RunnerTest, ASignalEndsTheRunsThatGoOn) {
  act("2", R"(trap 'summary interrupted faithful "\"by signal\""; exit 1' INT
              kill -INT $PPID
              while :; do sleep 0.01; done)");
  EXPECT_EQ(run(), SweepEnd::interrupted);
  EXPECT_THAT(statuses(), ElementsAre("ok", "pending", "pending", "pending"));
  EXPECT_EQ(row(2).failures, 0);
  fs::remove(base_ / "act-2");
  EXPECT_EQ(run(), SweepEnd::complete);
  EXPECT_THAT(begun(), ElementsAre("1 7", "2 7", "2 7", "3 7", "4 7"));
}

TEST_F(RunnerTest, WhoDoesNotEndIsKilled) {
  act("1", "trap '' INT; kill -INT $PPID; while :; do sleep 0.01; done");
  options_.patience = std::chrono::milliseconds(200);
  EXPECT_EQ(run(), SweepEnd::interrupted);
  EXPECT_EQ(row(1).status, "pending");
}

TEST_F(RunnerTest, AKilledSweepLosesTheRunThatWentOnAndNothingElse) {
  act("3-1", "kill -KILL $PPID; exec sleep 60");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    run();
    ::_exit(0);
  }
  const fs::path path = folder_->path();
  folder_.reset();
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  // The run ends with its sweep: else the folder would stay locked, and this throw.
  folder_.emplace(SweepFolder::open(path));
  EXPECT_EQ(Database(folder_->database()).forget_running(), 1);
  EXPECT_THAT(statuses(), ElementsAre("ok", "ok", "pending", "pending"));
  EXPECT_EQ(run(), SweepEnd::complete);
  EXPECT_THAT(begun(), ElementsAre("1 7", "2 7", "3 7", "3 7", "4 7"));
  EXPECT_THAT(statuses(), ElementsAre("ok", "ok", "ok", "ok"));
}

TEST_F(RunnerTest, FoldersAreNotTaken) {
  EXPECT_THROW(SweepFolder::create("two", base_ / "out"), InputError) << "it holds a sweep";
  EXPECT_THROW(SweepFolder::create("two", base_), InputError) << "it holds something else";
  EXPECT_THROW(SweepFolder::open(base_), InputError) << "it holds no sweep";
}

}  // namespace
}  // namespace geomx::sweep

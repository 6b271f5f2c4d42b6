#include "emulator/run/database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "emulator/base/error.h"
#include "emulator/run/recorder.h"
#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

namespace fs = std::filesystem;

// The rows of a query as text, "|" between columns and "\n" after each row: another reader than the code under test.
std::string query(const fs::path& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  std::string text;
  const auto row = [](void* into, int count, char** values, char**) {
    for (int i = 0; i < count; ++i)
      *static_cast<std::string*>(into) += (i ? "|" : "") + std::string(values[i] ? values[i] : "NULL");
    *static_cast<std::string*>(into) += "\n";
    return 0;
  };
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), row, &text, &error), SQLITE_OK) << (error ? error : "");
  sqlite3_free(error);
  sqlite3_close(handle);
  return text;
}

class DatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "geomx-database-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
  }
  void TearDown() override { fs::remove_all(base_); }
  Database make() const {
    return Database(base_ / "run.sqlite",
                    {{"a-worker-0", "host", "a", "worker", "10.0.0.1"}, {"r1", "router", "", "", ""}}, plan_.links);
  }

  fs::path base_;
  lab::Plan plan_ = test::plan_of(test::three_dc());
};

TEST_F(DatabaseTest, DescribesTheLab) {
  make();
  const fs::path file = base_ / "run.sqlite";
  EXPECT_EQ(query(file, "SELECT name, kind, datacenter, role, address FROM nodes"),
            "a-worker-0|host|a|worker|10.0.0.1\nr1|router|NULL|NULL|NULL\n");
  EXPECT_EQ(query(file, "SELECT * FROM links WHERE name = 'wan-b'"),
            "2|wan-b|forward|wan|central-gateway|b-gateway|wire|100000000|30000000|0|0.0\n"
            "3|wan-b|backward|wan|b-gateway|central-gateway|wire|100000000|30000000|0|0.0\n");
}

TEST_F(DatabaseTest, KeepsEveryKindOfRow) {
  Database database = make();
  database.add_step(1.5, "a-worker-0", {12, 0, 0.5, 32, 2, 130, 0});
  database.add_step(1.6, "a-worker-0", {13, 0, std::nan(""), 32, 2, 130, 0});
  database.add_evaluation(9, "a-worker-0", {469, 1, 0.83, 0.45, 10000, 310, 0});
  database.add_round(2.5, "a-server-0", {7, 1, 2, 3, 4, 5, 0});
  database.add_absence(2.75, "a-server-0", {8, 1, 0});
  database.add_event(10, "exit", "a-worker-0", "exited with code 0");
  control::LinkCounters counters;
  counters.backward.packets = 5;
  counters.backward.bytes = 500;
  counters.backward.delay_nanoseconds = 30'000'000;
  counters.backward.overruns = 2;
  database.add_link_sample(2, 1, counters);
  Monitored monitored;
  monitored.machine = {0.9, 0.5, std::nullopt, 0.25};
  monitored.windows = {{"wan-b", false, "degraded", 9.5e6, 0.03, 0.01, std::nullopt},
                       {"added-later", true, "faithful", {}, {}, {}, {}}};
  database.add_fidelity(3, monitored, plan_.links);
  database.flush();
  const fs::path file = base_ / "run.sqlite";
  EXPECT_EQ(query(file, "SELECT * FROM steps"),
            "1.5|a-worker-0|12|0|0.5|32|2.0|130.0\n1.6|a-worker-0|13|0|NULL|32|2.0|130.0\n");
  EXPECT_EQ(query(file, "SELECT * FROM evaluations"), "9.0|a-worker-0|469|1|0.83|0.45|10000|310.0\n");
  EXPECT_EQ(query(file, "SELECT * FROM rounds"), "2.5|a-server-0|7|1.0|2.0|3.0|4.0|5.0\n");
  EXPECT_EQ(query(file, "SELECT * FROM events"), "10.0|exit|a-worker-0|exited with code 0\n");
  EXPECT_EQ(query(file, "SELECT * FROM absences"), "2.75|a-server-0|8|1\n");
  EXPECT_EQ(query(file, "SELECT * FROM fidelity"), "3.0|3|degraded|9500000.0|30000000.0|0.01|NULL\n");
  EXPECT_EQ(query(file, "SELECT * FROM machine"), "3.0|0.9|0.5|NULL|0.25\n");
  EXPECT_EQ(query(file, "SELECT * FROM link_samples"),
            "2.0|2|0|0|0|0|0|0|0|NULL|NULL|0\n2.0|3|5|500|0|0|0|0|0|30000000|NULL|2\n");
}

TEST_F(DatabaseTest, WhatWasFlushedSurvivesAKill) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Database database = make();
    database.add_event(1, "kept", "", "");
    database.flush();
    database.add_event(2, "lost", "", "");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(query(base_ / "run.sqlite", "SELECT kind FROM events"), "kept\n");
  EXPECT_EQ(query(base_ / "run.sqlite", "PRAGMA integrity_check"), "ok\n");
}

TEST_F(DatabaseTest, NamesTheFileInItsErrors) {
  try {
    const Database database(base_ / "missing" / "run.sqlite", {}, {});
    FAIL();
  } catch (const WorkError& error) {
    EXPECT_EQ(error.where(), (base_ / "missing" / "run.sqlite").string());
  }
}

TEST_F(DatabaseTest, RecorderKeepsFaultsWithTheNodesThatTheyHappenedTo) {
  {
    Recorder recorder(make(), plan_, 1000);
    recorder.metric("b-scheduler", Presence{true, "worker 1", "b-worker-1:99", 15.2, 1012.5});
    for (const char* server : {"b-server-0", "a-server-0"}) recorder.metric(server, Absence{7, 1, 1013});
    recorder.metric("b-server-0", Absence{8, 1, 1014});
    recorder.metric("b-scheduler", Presence{false, "worker 1", "b-worker-1:140", 0, 1020});
    const FaultSummary faults = recorder.training().result().faults;
    EXPECT_EQ(faults.lost, 1);
    EXPECT_EQ(faults.returned, 1);
    EXPECT_EQ(faults.missing_gradients, 3);
    ASSERT_EQ(faults.outages.size(), 1u);
    EXPECT_EQ(faults.outages[0].lost, 12.5);  // since the start of the run
    EXPECT_EQ(faults.outages[0].returned, 20.0);
  }
  const fs::path file = base_ / "run.sqlite";
  EXPECT_EQ(query(file, "SELECT time, kind, object, detail FROM events"),
            "12.5|lost|b-worker-1|silent for 15.2 s (worker 1 of b-scheduler's plane)\n"
            "20.0|returned|b-worker-1|worker 1 of b-scheduler's plane\n");
  EXPECT_EQ(query(file, "SELECT count(*) FROM absences"), "3\n");
}

TEST_F(DatabaseTest, RecorderSortsMetricsIntoTheirTables) {
  {
    Recorder recorder(make(), plan_, 1000);
    recorder.metric("a-worker-0", Step{1, 0, 0.5, 32, 1, 2, 1003});
    recorder.metric("a-worker-0", Phase{"training", 5, 1002});
    recorder.metric("a-worker-0", Other{"checkpoint", "{}", 1004});
    recorder.metric("a-worker-0", Malformed{"x", "not a JSON object"});
    EXPECT_EQ(recorder.training().result().rounds, 1);
  }
  const fs::path file = base_ / "run.sqlite";
  EXPECT_EQ(query(file, "SELECT time, node FROM steps"), "3.0|a-worker-0\n");
  EXPECT_EQ(query(file, "SELECT kind, object, detail FROM events"),
            "phase|a-worker-0|training\ncheckpoint|a-worker-0|{}\nmalformed|a-worker-0|not a JSON object: x\n");
}

TEST_F(DatabaseTest, RecorderTellsTrafficFromHeartbeats) {
  Recorder recorder(make(), plan_, realtime());
  EXPECT_FALSE(recorder.traffic());
  control::LinkCounters counters;
  counters.link = "wan-a";
  recorder.sample({counters});
  counters.forward.bytes = 1;
  recorder.sample({counters});
  // Two samples are microseconds apart here, which makes any bytes fast: a backlog is what does not depend on time.
  counters.backward.backlog_bytes = 1;
  recorder.sample({counters});
  EXPECT_TRUE(recorder.traffic());
  counters.backward.backlog_bytes = 0;
  recorder.sample({counters});
  EXPECT_FALSE(recorder.traffic());
  recorder.mark_start_of_job();
  ASSERT_EQ(recorder.counters_at_start().size(), plan_.links.size());
  EXPECT_EQ(recorder.counters_at_start()[0].forward.bytes, 1u);
}

}  // namespace
}  // namespace geomx::run

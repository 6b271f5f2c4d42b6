#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>

#include "tests/e2e/emu.h"
#include "tests/e2e/leftovers.h"

// Sweeps with real labs, whose workers compute nothing: killed anywhere, they end as if they had not been.
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Each;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

constexpr seconds kLongestSweep(200);
constexpr seconds kLongestPrediction(400);

int from_environment(const char* variable, int otherwise) {
  const char* value = std::getenv(variable);
  return value ? std::stoi(value) : otherwise;
}

// The rows of a query, columns joined by spaces.
std::vector<std::string> query(const fs::path& file, const std::string& sql) {
  sqlite3* opened = nullptr;
  EXPECT_EQ(sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK) << file;
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(opened, &sqlite3_close);
  sqlite3_busy_timeout(opened, 5000);
  std::vector<std::string> rows;
  const auto add = [](void* into, int count, char** values, char**) {
    std::string row;
    for (int i = 0; i < count; ++i) row += std::string(i > 0 ? " " : "") + (values[i] ? values[i] : "NULL");
    static_cast<std::vector<std::string>*>(into)->push_back(row);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(opened, sql.c_str(), add, &rows, nullptr), SQLITE_OK) << sqlite3_errmsg(opened);
  return rows;
}

class Sweep : public testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(false);
    if (!missing.empty()) GTEST_SKIP() << missing;
    const nlohmann::ordered_json scenario{
        {"version", 1},
        {"name", "swept"},
        {"seed", 5},
        {"topology",
         {{"datacenters", {{{"name", "central"}}, {{"name", "a"}}, {{"name", "b"}}}},
          {"links",
           {{{"name", "wan-a"}, {"ends", {"central", "a"}}, {"rate", "100Mbit"}, {"delay", "2ms"}},
            {{"name", "wan-b"}, {"ends", {"central", "b"}}, {"rate", "100Mbit"}, {"delay", "2ms"}}}}}},
        {"training",
         {{"parties",
           {{{"datacenter", "central"}, {"global_servers", 1}},
            {{"datacenter", "a"}, {"workers", 1}},
            {{"datacenter", "b"}, {"workers", 1}}}},
          {"device", "model"},
          {"profile", "cnn"},
          {"rounds", 3}}},
        {"sweep",
         {{"vary", {{"topology.links.*.rate", {"100Mbit", "200Mbit"}}, {"topology.links.*.delay", "2ms,4ms"}}}}}};
    std::ofstream(scratch_.path() / "swept.json") << scenario.dump(1);
  }

  Invocation sweep(const std::string& out, const std::vector<std::string>& more = {}) const {
    Invocation invocation;
    invocation.argv = {binary("geomx-emu").string(), "sweep", "swept.json", "--out", out};
    invocation.argv.insert(invocation.argv.end(), more.begin(), more.end());
    invocation.directory = scratch_.path();
    invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch_.path() / "labs"}, {"GEOMX_SWEEP_TEST", marker()}};
    return invocation;
  }
  std::string marker() const { return scratch_.path().filename().string(); }
  fs::path database(const std::string& out) const { return scratch_.path() / out / "sweep.sqlite"; }

  std::vector<std::string> runs(const std::string& out) const {
    return query(database(out),
                 "SELECT r.id, p.label, r.repetition, r.seed, r.status FROM runs r JOIN points p ON p.id = r.point "
                 "ORDER BY r.id");
  }
  // The same runs with the same seeds, each done exactly once; a kill has cost what went on, and no more.
  void expect_like_undisturbed(const std::string& out) const {
    EXPECT_EQ(runs(out), runs("undisturbed"));
    EXPECT_THAT(
        query(database(out), "SELECT count(*) FROM attempts WHERE outcome = 'ok' AND NOT repeated GROUP BY run"),
        ElementsAre("1", "1", "1", "1"));
    EXPECT_THAT(query(database(out), "SELECT DISTINCT outcome FROM attempts WHERE outcome NOT IN ('ok', 'killed')"),
                SizeIs(0));
  }
  bool nothing_runs() const {
    return eventually(seconds(10), [&] { return marked_processes("GEOMX_SWEEP_TEST=" + marker()).empty(); });
  }

  Scratch scratch_;
};

TEST_F(Sweep, KilledAnywhereAndResumedItEndsAsIfItHadNotBeen) {
  const auto begin = std::chrono::steady_clock::now();
  Command undisturbed(sweep("undisturbed"));
  ASSERT_EQ(undisturbed.wait(kLongestSweep), 0) << undisturbed.err();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_THAT(undisturbed.out(), HasSubstr("rate     delay  runs  fidelity"));
  EXPECT_THAT(runs("undisturbed"), SizeIs(4));
  EXPECT_THAT(runs("undisturbed"), Each(HasSubstr(" 5 ok"))) << "the scenario's seed";

  const std::string jobs = std::to_string(from_environment("GEOMX_SWEEP_JOBS", 1));
  const int kills = from_environment("GEOMX_SWEEP_KILLS", 2);
  const int seed = from_environment("GEOMX_SWEEP_SEED", static_cast<int>(std::random_device{}() % 100'000));
  std::cout << "undisturbed: " << took.count() << " s; GEOMX_SWEEP_SEED=" << seed << "\n";
  std::mt19937 generator(static_cast<unsigned>(seed));
  std::uniform_real_distribution<double> moment(0, took.count() / 2);
  int sweeps = 1;  // where one is done before all kills are, another begins
  const auto out = [&] { return "killed-" + std::to_string(sweeps); };
  for (int i = 0; i < kills; ++i) {
    Command killed(sweep(out(), {"--resume", "--jobs", jobs}));
    const milliseconds after(static_cast<std::int64_t>(1000 * moment(generator)));
    if (const auto code = killed.wait(after)) {
      EXPECT_EQ(*code, 0) << killed.err();
      expect_like_undisturbed(out());
      ++sweeps;
      continue;
    }
    killed.signal(SIGKILL);
    ASSERT_EQ(killed.wait(seconds(10)), 128 + SIGKILL);
    EXPECT_TRUE(nothing_runs()) << "a kill leaves no lab";
  }
  Command resumed(sweep(out(), {"--resume", "--jobs", jobs}));
  ASSERT_EQ(resumed.wait(kLongestSweep), 0) << resumed.err();
  expect_like_undisturbed(out());
}

TEST_F(Sweep, CtrlCEndsTheRunsAndResumeGoesOn) {
  Command interrupted(sweep("out", {"--progress", "json", "--vary", "topology.links.*.rate=100Mbit"}));
  ASSERT_TRUE(eventually(seconds(60), [&] { return interrupted.err().find("\"type\":\"run\"") != std::string::npos; }))
      << interrupted.err();
  interrupted.signal(SIGINT);
  ASSERT_EQ(interrupted.wait(seconds(30)), 1);
  EXPECT_THAT(interrupted.err(), HasSubstr("goes on)"));
  EXPECT_TRUE(nothing_runs());
  EXPECT_THAT(query(database("out"), "SELECT status FROM runs ORDER BY id"), ElementsAre("ok", "pending"));

  Command another(sweep("out", {"--resume", "--vary", "topology.links.*.rate=300Mbit"}));
  ASSERT_EQ(another.wait(seconds(30)), 2);
  EXPECT_THAT(another.err(), HasSubstr("the sweep in there is another one"));
  Command taken(sweep("out"));
  ASSERT_EQ(taken.wait(seconds(30)), 2);
  EXPECT_THAT(taken.err(), HasSubstr("holds a sweep already"));

  Invocation resume = sweep("out", {"--resume", "--json"});
  resume.argv.erase(resume.argv.begin() + 2);  // neither scenario nor values
  Command resumed(resume);
  ASSERT_EQ(resumed.wait(kLongestSweep), 0) << resumed.err();
  const json result = json::parse(resumed.out());
  EXPECT_EQ(result["status"], "complete");
  ASSERT_EQ(result["points"].size(), 2u);
  for (const json& point : result["points"]) {
    EXPECT_EQ(point["ok"], 1);
    EXPECT_GT(point["metrics"]["round_s"]["mean"], 0);
  }
  EXPECT_THAT(read_file(scratch_.path() / "out/runs.csv"), HasSubstr("training.wan_bytes"));
}

// What else a machine does only makes rounds longer: the shorter of two counts. Steps of 20 ms, beside which the few
// that two cores need for a round of the parameter server are few.
TEST_F(Sweep, PredictedRoundsAreThoseThatAreMeasured) {
  Command command(
      sweep("out", {"--set", "training.rounds=10", "--set", "training.compute_seconds=0.02", "--repeat", "2", "--vary",
                    "topology.links.*.rate=10Mbit,100Mbit", "--vary", "topology.links.*.delay=5ms,100ms", "--vary",
                    R"(training.sync={"name":"fsa"},{"name":"hfa","k1":4,"k2":5})"}));
  ASSERT_EQ(command.wait(kLongestPrediction), 0) << command.err();
  const std::vector<std::string> points =
      query(database("out"),
            "SELECT rate, delay, sync, printf('%.4f s, predicted %.4f s', min(round_s), predicted_round_s), "
            "abs(min(round_s) / predicted_round_s - 1) <= 0.1 FROM results GROUP BY rate, delay, sync");
  EXPECT_THAT(points, SizeIs(8));
  for (const std::string& point : points) std::cout << point << "\n";
  EXPECT_THAT(points, Each(EndsWith(" 1"))) << "within 10 %";
}

TEST_F(Sweep, WhatIsWrongIsSaidBeforeAnythingRuns) {
  Command wrong(sweep("out", {"--vary", "training.sync.name=fsa,hfaa"}));
  ASSERT_EQ(wrong.wait(seconds(30)), 2);
  EXPECT_THAT(wrong.err(), HasSubstr("--set training.sync.name=hfaa: /training/sync/name"));
  Command unknown(sweep("out", {"--metric", "training.speed"}));
  ASSERT_EQ(unknown.wait(seconds(30)), 2);
  EXPECT_THAT(unknown.err(), HasSubstr("--metric training.speed: no run of this scenario has such a number"));
  EXPECT_FALSE(fs::exists(scratch_.path() / "out"));
}

}  // namespace
}  // namespace geomx::test

#include "emulator/sweep/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/emulator/sweep/fixture.h"

namespace geomx::sweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class TableTest : public test::SweepTest {
 protected:
  // Two combinations, three runs each: the first ones are given, the second ones are pending but for one.
  Database database(const std::vector<std::string>& verdicts) const {
    const Grid made = grid({vary("training.sync", R"({"name":"hfa","k1":4},{"name":"fsa"})")});
    Database::create(base_ / "sweep.sqlite", {.name = "two", .repeat = 3}, made, trials_in_order({7, 7}, 3));
    Database result(base_ / "sweep.sqlite");
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      RunResult run;
      run.outcome = Outcome::ok;
      run.verdict = verdicts[i];
      run.round_s = 1 + static_cast<double>(i);
      run.metrics = {{"training.wan_bytes", 2e6}, {"wall_seconds", 9}, {"links.wan-a.central->a.bytes", 5}};
      result.end_attempt(result.begin_attempt(static_cast<std::int64_t>(i) + 1, "x", 1), run, "ok");
    }
    return result;
  }
};

TEST_F(TableTest, MeansHaveIntervals) {
  const Database runs = database({"faithful", "faithful", "faithful", "not measured"});
  EXPECT_THAT(means_table(runs, {}).metrics,
              ElementsAre("round_s", "predicted_round_s", "training.wan_bytes", "wall_seconds"));
  const MeansTable table = means_table(runs, {"round_s", "training.wan_bytes", "wall_seconds"});
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_DOUBLE_EQ(table.rows[0].metrics[0]->mean, 2);
  EXPECT_NEAR(*table.rows[0].metrics[0]->half_width, 2.484138, 1e-6);
  EXPECT_EQ(table.rows[1].metrics[0]->half_width, std::nullopt);
  EXPECT_EQ(to_text(table),
            "  sync             runs    fidelity      round_s      wan_bytes  wall_seconds\n"
            "  {name:hfa,k1:4}  3       faithful      2 ± 2.5  1.907MiB ± 0B         9 ± 0\n"
            "  {name:fsa}       1 of 3  not measured        4       1.907MiB             9\n"
            "  ±: half of the 95 % confidence interval of the mean (Student's t)\n");
}

TEST_F(TableTest, DegradedRunsAreMarked) {
  const MeansTable table = means_table(database({"faithful", "degraded", "faithful", "degraded"}), {"round_s"});
  const std::string text = to_text(table);
  EXPECT_THAT(text, HasSubstr("1 of 3 degraded !"));
  EXPECT_THAT(text, HasSubstr("  degraded !  "));
  EXPECT_THAT(text, HasSubstr("!: the emulation of these runs was degraded"));
  EXPECT_EQ(to_json(table)[0]["degraded"], 1);
  EXPECT_THAT(means_csv(table), HasSubstr("\"{name:hfa,k1:4}\",3,3,0,1,0,2,-0.484"));
}

TEST_F(TableTest, FaithfulOnesAreNot) {
  EXPECT_THAT(to_text(means_table(database({"faithful"}), {})), Not(HasSubstr("!")));
}

TEST_F(TableTest, EveryRunHasALineOfTheCsv) {
  const std::string csv = runs_csv(database({"faithful", "degraded"}));
  EXPECT_THAT(csv, HasSubstr("run,sync,repetition,run_seed,status,verdict,error,round_s,predicted_round_s,"
                             "training.wan_bytes,wall_seconds\r\n"));
  EXPECT_THAT(csv, HasSubstr("2,\"{name:hfa,k1:4}\",2," + std::to_string(derived_seed(7, 2)) + ",ok,degraded,,2,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 7);
}

}  // namespace
}  // namespace geomx::sweep

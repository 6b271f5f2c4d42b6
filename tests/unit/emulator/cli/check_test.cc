#include "emulator/cli/check.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "emulator/scenario/schema.h"

namespace geomx::cli {
namespace {

const std::string kGolden = std::string(std::getenv("GEOMX_SOURCE")) + "/tests/golden/scenarios/";

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

template <class Action>
Outcome outcome(const Action& action) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = action();
  std::fflush(nullptr);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

Outcome run(std::vector<std::string> arguments) {
  return outcome([&] {
    int exit_code = 0;
    CLI::App app;
    add_check(app, exit_code);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes vectors backwards
    app.parse(arguments);
    return exit_code;
  });
}

TEST(Check, SaysInOneLineWhatAGoodScenarioIs) {
  const std::string path = kGolden + "good/two-parties.json";
  const Outcome good = run({"check", path});
  EXPECT_EQ(good.code, 0);
  EXPECT_EQ(good.out, path + ": ok: 3 data centers, 17 nodes, 2 links; 4 workers train cnn on fashion-mnist\n");
  EXPECT_EQ(good.err, "");
  EXPECT_EQ(run({"check", kGolden + "good/workload.json"}).out,
            kGolden + "good/workload.json: ok: 2 data centers, 4 nodes, 1 link; 3 commands\n");
}

TEST(Check, PrintsEveryErrorAndExitsWith2) {
  const std::string name = "bad/88-many-at-once";
  const Outcome bad = run({"check", kGolden + name + ".json"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.out, "");
  std::string expected;
  std::ifstream file(kGolden + name + ".expected");
  const std::string program = "geomx-emu: ";
  for (std::string line; std::getline(file, line);) {
    expected += program + kGolden + "bad/" + line.substr(program.size()) + "\n";
  }
  EXPECT_EQ(bad.err, expected);
}

TEST(Check, AppliesOverrides) {
  const std::string path = kGolden + "good/two-parties.json";
  EXPECT_EQ(run({"check", path, "--set", "training.dataset=mnist", "--set", "training.parties.*.workers=3"}).out,
            path + ": ok: 3 data centers, 21 nodes, 2 links; 9 workers train cnn on mnist\n");
  EXPECT_EQ(run({"check", path, "--set", R"(expect=[{"metric": "training.rounds", "min": 1}, 7])"}).err,
            "geomx-emu: --set expect=[{\"metric\": \"training.rounds\", \"min\": 1}, 7]: /expect/1: expected an object "
            "(expectation), found a number\n");
  const Outcome bad = run({"check", "--set", "training.epochs=0", path});
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.err, "geomx-emu: --set training.epochs=0: /training/epochs: 0 is out of range (1 to 1000000)\n");
}

TEST(Check, AnswersInJson) {
  const Outcome good = run({"check", "--json", kGolden + "good/two-parties.json"});
  const auto answer = nlohmann::json::parse(good.out);
  EXPECT_EQ(answer.at("ok"), true);
  EXPECT_EQ(answer.at("name"), "two-parties");
  EXPECT_EQ(answer.at("nodes"), 17);
  EXPECT_EQ(answer.at("workers"), 4);

  const Outcome bad = run({"check", "--json", kGolden + "bad/21-rate-without-unit.json"});
  EXPECT_EQ(bad.code, 2);
  const auto errors = nlohmann::json::parse(bad.out).at("errors");
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].at("where"), kGolden + "bad/21-rate-without-unit.json:7:59: /topology/links/0/rate");
  EXPECT_EQ(errors[0].at("hint"), "write it as \"100Mbit\"");
  EXPECT_NE(bad.err, "");
}

TEST(Check, AMissingFileIsOneLine) {
  const Outcome missing = outcome([] { return check("/nonexistent/s.json", {}, false); });
  EXPECT_EQ(missing.code, 2);
  EXPECT_EQ(missing.err, "geomx-emu: /nonexistent/s.json: cannot read the scenario: No such file or directory\n");
}

TEST(Check, PrintsTheSchema) {
  EXPECT_EQ(run({"check", "--schema"}).out, scenario::json_schema());

  int exit_code = 0;
  CLI::App app;
  add_check(app, exit_code);
  EXPECT_THROW(app.parse("check"), CLI::RequiredError);
}

}  // namespace
}  // namespace geomx::cli

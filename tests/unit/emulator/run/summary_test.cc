#include "emulator/run/summary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "emulator/run/table.h"
#include "emulator/scenario/metrics.h"
#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Summary example() {
  Summary summary;
  summary.wall_seconds = 42.5;
  summary.lab = {15, 14, 0.08, 0.01};
  TrainingResult training;
  training.test_accuracy = 0.83;
  training.rounds = 469;
  training.samples = 60000;
  training.samples_per_second = 1500;
  training.seconds_to_accuracy = {{"0.8", 40.0}};
  training.timeline = {{"a-worker-0", 469, 0, 2, 61, 8, 62}};
  training.faults = {1, 0, 31, {{"b-worker-1", 12.0, {}}}};
  summary.training = training;
  control::LinkCounters counters;
  counters.link = "wan-a";
  counters.forward.packets = 1000;
  counters.forward.bytes = 1'000'000;
  counters.forward.delay_nanoseconds = 30'100'000;
  counters.forward.busy_nanoseconds = 1'000'000'000;
  counters.forward.busy_bytes = 12'400'000;
  counters.forward.dropped_queue = 5;
  summary.links = report_links(test::plan_of(test::three_dc()), {}, {counters}, {});
  summary.fidelity = {Verdict::faithful, {}, {{"wan-b b->central", "rate", lab::LinkScope::wan}}};
  return summary;
}

std::vector<std::string> keys(const ordered_json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) names.push_back(key);
  return names;
}

TEST(Summary, HasTheContractsFieldsInItsOrder) {
  const ordered_json document = to_json(example());
  EXPECT_THAT(keys(document), ElementsAre("status", "error", "wall_seconds", "lab", "training", "workload", "links",
                                          "fidelity", "expectations"));
  EXPECT_TRUE(document["workload"].is_null());
  EXPECT_EQ(document["status"], "ok");
  EXPECT_TRUE(document["error"].is_null());
  EXPECT_EQ(document["lab"],
            (ordered_json{{"nodes", 15}, {"links", 14}, {"up_seconds", 0.08}, {"down_seconds", 0.01}}));
  const ordered_json& training = document["training"];
  EXPECT_EQ(training["test_accuracy"], 0.83);
  EXPECT_EQ(training["rounds"], 469);
  EXPECT_EQ(training["samples_per_second"], 1500.0);
  EXPECT_EQ(training["seconds_to_accuracy"]["0.8"], 40.0);
  EXPECT_EQ(training["wan_bytes"], 1'000'000);
  ASSERT_EQ(training["timeline"].size(), 1u);
  EXPECT_EQ(training["timeline"][0]["node"], "a-worker-0");
  EXPECT_EQ(training["timeline"][0]["rounds"], 469);
  EXPECT_EQ(training["timeline"][0]["push_ms"], 61.0);
  EXPECT_EQ(training["timeline"][0]["pull_ms"], 62.0);
  EXPECT_EQ(training["faults"], (ordered_json{{"lost", 1}, {"returned", 0}, {"missing_gradients", 31}}));
  EXPECT_EQ(training["lan_bytes"], 0);
  ASSERT_EQ(document["links"].size(), 4u);
  const ordered_json& link = document["links"][0];
  EXPECT_EQ(link["name"], "wan-a");
  EXPECT_EQ(link["direction"], "central->a");
  EXPECT_EQ(link["asked"]["rate"], "100Mbit");
  EXPECT_EQ(link["asked"]["delay"], "30ms");
  EXPECT_TRUE(link["asked"]["loss"].is_null());
  EXPECT_EQ(link["measured"]["rate"], "99.2Mbit");
  EXPECT_EQ(link["measured"]["delay"], "30.1ms");
  EXPECT_EQ(link["measured"]["loss"], "0%");
  EXPECT_EQ(link["bytes"], 1'000'000);
  EXPECT_EQ(link["drops"], 5);
  EXPECT_TRUE(document["links"][1]["measured"]["rate"].is_null());
  EXPECT_EQ(document["fidelity"], (ordered_json{{"verdict", "faithful"},
                                                {"reasons", ordered_json::array()},
                                                {"not_measured", {"wan-b b->central: rate"}}}));
}

TEST(Summary, WhatIsNotANumberIsNull) {
  Summary summary = example();
  summary.training->train_loss = std::nan("");
  summary.training->test_accuracy.reset();
  const ordered_json document = to_json(summary);
  EXPECT_TRUE(document["training"]["train_loss"].is_null());
  EXPECT_TRUE(document["training"]["test_accuracy"].is_null());
  summary.training.reset();
  EXPECT_TRUE(to_json(summary)["training"].is_null());
}

TEST(Summary, ExitCodeFollowsStatusAndExpectations) {
  Summary summary = example();
  EXPECT_EQ(exit_code(summary), 0);
  summary.expectations = {{{"training.test_accuracy", 0.9, {}}, 0.83, false}};
  EXPECT_EQ(exit_code(summary), 1);
  summary.expectations[0].met = true;
  EXPECT_EQ(exit_code(summary), 0);
  summary.status = Status::interrupted;
  EXPECT_EQ(exit_code(summary), 1);
}

TEST(Expectations, AreJudgedOnTheSummarysOwnNumbers) {
  const std::vector<scenario::Expectation> wanted{{"training.test_accuracy", 0.8, {}},
                                                  {"training.test_accuracy", 0.84, {}},
                                                  {"training.test_accuracy", 0.83, 0.83},
                                                  {"training.wan_bytes", {}, 999'999},
                                                  {"training.seconds_to_accuracy.0.8", {}, 60},
                                                  {"training.seconds_to_accuracy.0.9", {}, 60},
                                                  {"links.0.drops", {}, 5},
                                                  {"links.wan-a.central->a.drops", 5, 5},
                                                  {"links.wan-a.a->central.drops", 0, 0},
                                                  {"links.9.drops", 0, {}},
                                                  {"links.wan-a", 0, {}},
                                                  {"status", 0, {}},
                                                  {"", 0, {}},
                                                  {"lab.nodes", 15, 15},
                                                  {"lab.node", 15, 15}};
  std::vector<bool> met;
  for (const ExpectationResult& result : check_expectations(wanted, to_json(example()))) met.push_back(result.met);
  EXPECT_THAT(met, ElementsAre(true, false, true, false, true, false, true, true, true, false, false, false, false,
                               true, false));
}

// Every path to a number in `at`, as an expectation would have it.
void collect_numbers(const ordered_json& at, const std::string& path, std::vector<std::string>& into) {
  if (at.is_number()) into.push_back(path);
  const std::string prefix = path.empty() ? "" : path + ".";
  if (at.is_object()) {
    for (const auto& [key, value] : at.items()) collect_numbers(value, prefix + key, into);
  }
  if (at.is_array()) {
    for (const ordered_json& item : at) {
      collect_numbers(item, prefix + item.at("name").get<std::string>() + "." + item.at("direction").get<std::string>(),
                      into);
    }
  }
}

// What the scenario's judge lets an expectation name, and what a summary has.
TEST(Expectations, MayNameExactlyTheNumbersOfTheSummary) {
  scenario::Scenario scenario = test::three_dc();
  scenario.topology.datacenters[2].hosts = 1;
  scenario.topology.nodes = {{"h9", scenario::NodeKind::host, "a"}, {"r1", scenario::NodeKind::router, {}}};
  scenario.topology.links.push_back({"spur", {"r1", "a"}, {}, {}});
  Summary summary;
  TrainingResult training;
  training.test_accuracy = training.test_loss = training.train_loss = training.samples_per_second = 1;
  for (const scenario::AccuracyLevel& level : scenario::kAccuracyLevels) training.seconds_to_accuracy[level.name] = 1;
  summary.training = training;
  shaper::KernelFeatures features;
  features.packet_vnet = true;
  summary.links = report_links(lab::make_plan(scenario, features), {}, {}, {});
  std::vector<std::string> numbers;
  collect_numbers(to_json(summary), "", numbers);
  EXPECT_THAT(scenario::metrics(scenario), testing::UnorderedElementsAreArray(numbers));
  EXPECT_TRUE(scenario::is_metric(scenario, "links.0.bytes"));
  EXPECT_TRUE(scenario::is_metric(scenario, fmt::format("links.{}.drops", summary.links.size() - 1)));
  EXPECT_FALSE(scenario::is_metric(scenario, fmt::format("links.{}.drops", summary.links.size())));
  EXPECT_FALSE(scenario::is_metric(scenario, "links.0.byte"));
  EXPECT_FALSE(scenario::is_metric(scenario, "links.-1.bytes"));
}

TEST(Table, SaysWhatWasReachedAndWhatWasNot) {
  Summary summary = example();
  summary.fidelity = {Verdict::degraded, {"wan-a central->a: rate 50Mbit measured, 100Mbit asked (-50.0%)"}, {}};
  summary.expectations = {{{"training.test_accuracy", 0.9, {}}, 0.83, false}};
  const std::string table = closing_table("three-dc", summary, "/runs/x");
  EXPECT_THAT(table, HasSubstr("three-dc: ok after 42.5 s (15 nodes, 14 links; up in 0.08 s, down in 0.01 s)\n"));
  EXPECT_THAT(table, HasSubstr("test accuracy 83.00%   rounds 469   1500 samples/s   accuracy 0.8 after 40.0 s\n"));
  EXPECT_THAT(table, HasSubstr("  faults: 1 node lost, 0 back; rounds closed without 31 gradients\n"
                               "    b-worker-1: lost at 12.0 s\n"));
  EXPECT_THAT(table, HasSubstr("100Mbit / 99.2Mbit"));
  EXPECT_THAT(table, HasSubstr("30ms / 30.1ms"));
  EXPECT_THAT(table, HasSubstr("fidelity: degraded\n    wan-a central->a: rate 50Mbit"));
  EXPECT_THAT(table, HasSubstr("expected training.test_accuracy >= 0.9: NOT MET (0.83)"));
  EXPECT_THAT(table, HasSubstr("/runs/x\n"));
}

TEST(Table, SaysWhatWasNotPutToTheTest) {
  Summary summary = example();
  EXPECT_THAT(closing_table("x", summary, "/r"),
              HasSubstr("fidelity: faithful\n    rate not measured, never under load: wan-b b->central\n"));
  summary.fidelity.not_measured.clear();
  for (const char* name : {"1", "2", "3", "4", "5", "6"})
    summary.fidelity.not_measured.push_back({name, "rate", lab::LinkScope::wan});
  for (const char* name : {"7", "8"}) {
    summary.fidelity.not_measured.push_back({name, "rate", lab::LinkScope::lan});
  }
  summary.fidelity.not_measured.push_back({"7", "loss", lab::LinkScope::wan});
  EXPECT_THAT(closing_table("x", summary, "/r"),
              HasSubstr("    loss not measured: 7\n"
                        "    rate not measured, never under load: 1, 2, 3, 4, 2 more, 2 directions of LANs\n"));
}

TEST(Table, NamesLanLinksOnlyWhereTheyAreToBlame) {
  Summary summary = example();
  LinkReport lan;
  lan.link = "a-worker-0--a-switch";
  lan.direction = "a-worker-0->a-switch";
  lan.scope = lab::LinkScope::lan;
  summary.links.push_back(lan);
  EXPECT_THAT(closing_table("x", summary, "/r"), Not(HasSubstr("a-switch")));
  summary.fidelity = {Verdict::degraded, {"a-worker-0--a-switch a-worker-0->a-switch: timers 3ms late"}, {}};
  EXPECT_THAT(closing_table("x", summary, "/r"), HasSubstr("\n  a-worker-0--a-switch  a-worker-0->a-switch"));
}

TEST(Summary, CommandsAreThereWithWhatCameOfThem) {
  Summary summary = example();
  summary.training.reset();
  CommandResult client;
  client.name = "client@h1";
  client.node = "h1";
  client.argv = {"iperf3", "-c", "h2"};
  client.status = CommandStatus::failed;
  client.exit_code = 137;
  client.runs = 2;
  client.started = 0.5;
  client.seconds = 1.25;
  client.log = "logs/client@h1.log";
  CommandResult never;
  never.node = "h2";
  never.argv = {"true"};
  summary.workload = {client, never};
  const ordered_json commands = to_json(summary)["workload"];
  EXPECT_THAT(keys(commands[0]),
              ElementsAre("name", "node", "argv", "status", "exit_code", "runs", "started", "seconds", "log"));
  EXPECT_EQ(commands[0]["exit_code"], 137);
  EXPECT_EQ(commands[0]["status"], "failed");
  EXPECT_FALSE(commands[1].contains("name"));
  EXPECT_EQ(commands[1]["status"], "not started");
  EXPECT_TRUE(commands[1]["exit_code"].is_null());
  const auto met =
      check_expectations({{"workload.client@h1.exit_code", {}, 0.0}, {"workload.1.runs", {}, 0.0}}, to_json(summary));
  EXPECT_EQ(met[0].value, 137.0);
  EXPECT_FALSE(met[0].met);
  EXPECT_TRUE(met[1].met);
  const std::string table = closing_table("s", summary, "/runs/s");
  EXPECT_THAT(table, HasSubstr("client@h1  h1    failed (2 runs)        137     1.25"));
  EXPECT_THAT(table, HasSubstr("true       h2        not started          -        -"));
}

}  // namespace
}  // namespace geomx::run

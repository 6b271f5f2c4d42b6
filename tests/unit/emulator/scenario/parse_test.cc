#include "emulator/scenario/parse.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "emulator/scenario/json.h"
#include "emulator/scenario/write.h"

namespace geomx::scenario {
namespace {

std::string file(const std::string& rest) {
  return R"({"version": 1, "name": "s", )" + rest + "}";
}

std::string complaint(const std::string& text) {
  try {
    parse(text, "s.json");
    return "accepted";
  } catch (const ScenarioErrors& errors) {
    return errors.what();
  }
}

TEST(Parse, FillsInTheDefaults) {
  const Scenario scenario = parse(file(R"("topology": {"datacenters": [{"name": "c"}, {"name": "a"}],
                                                        "links": [{"ends": ["c", "a"]}]},
     "training": {"parties": [{"datacenter": "c", "global_servers": 1}, {"datacenter": "a", "workers": 1}]})"),
                                  "s.json");
  EXPECT_FALSE(scenario.seed_given);
  EXPECT_EQ(scenario.topology.links[0].name, "c--a");
  EXPECT_FALSE(scenario.topology.links[0].forward.shaped());
  EXPECT_EQ(scenario.topology.links[0].forward.queue, Queue(QueueAuto{}));
  EXPECT_EQ(scenario.training->epochs, 1);
  EXPECT_EQ(scenario.training->rounds, std::nullopt);
  EXPECT_EQ(scenario.training->parties[1].servers, 1);
  EXPECT_EQ(scenario.training->optimizer, Optimizer{});
}

TEST(Parse, ADirectionOverridesTheLink) {
  const Link link = parse(file(R"("topology": {"datacenters": [{"name": "a"}, {"name": "b"}], "links": [
      {"forward": {"rate": "5Mbit"}, "ends": ["a", "b"], "rate": "1Mbit", "delay": "3ms", "queue": "64KiB",
       "backward": {"queue": "auto"}}]})"),
                          "s.json")
                        .topology.links[0];
  EXPECT_EQ(link.forward.rate, BitsPerSecond{5'000'000});
  EXPECT_EQ(link.backward.rate, BitsPerSecond{1'000'000});
  EXPECT_EQ(link.forward.delay, std::chrono::milliseconds(3));
  EXPECT_EQ(link.backward.delay, std::chrono::milliseconds(3));
  EXPECT_EQ(link.forward.queue, Queue(Bytes{65536}));
  EXPECT_EQ(link.backward.queue, Queue(QueueAuto{}));
}

TEST(Parse, LossSurvivesToTheBit) {
  for (const char* loss : {"0.1%", "0.3%", "33.3%", "99.99999999%", "0.123456789012345%", "1e-7%", "0%", "100%"}) {
    const Scenario scenario = parse(
        file(fmt::format(R"("topology": {{"datacenters": [{{"name": "a", "lan": {{"loss": "{}"}}}}]}})", loss)), "s");
    EXPECT_EQ(parse(write(scenario), "written"), scenario) << loss;
  }
}

TEST(Parse, PathsThroughRoutersAndSwitchesConnectParties) {
  const auto text = [](const char* kind) {
    return file(fmt::format(R"("topology": {{"datacenters": [{{"name": "c"}}, {{"name": "a"}}],
        "nodes": [{{"name": "m", "kind": "{}"}}], "links": [{{"ends": ["c", "m"]}}, {{"ends": ["m", "a"]}}]}},
      "training": {{"parties": [{{"datacenter": "c", "global_servers": 1}}, {{"datacenter": "a", "workers": 1}}]}})",
                            kind));
  };
  EXPECT_EQ(complaint(text("router")), "accepted");
  EXPECT_EQ(complaint(text("switch")), "accepted");
  EXPECT_NE(complaint(text("host")).find("no path of links leads from \"a\""), std::string::npos);
}

TEST(Parse, WhatFollowsFromAnErrorIsNotReported) {
  // Nothing about the parties in data centers that could not be read, nothing about connectivity.
  EXPECT_EQ(complaint(file(R"("topology": {"datacenters": 7}, "training": {"parties": [
               {"datacenter": "c", "global_servers": 1}, {"datacenter": "a", "workers": 1}]})")),
            "s.json:1:57: /topology/datacenters: expected a list, found a number");
  // A name that is no good is still a name: what refers to it is right, what refers elsewhere is not.
  EXPECT_EQ(complaint(file(R"("topology": {"datacenters": [{"name": "A"}], "nodes": [
               {"name": "n", "datacenter": "A"}, {"name": "m", "datacenter": "z"}]})"))
                .find("no data center \"A\""),
            std::string::npos);
}

TEST(Parse, ErrorsComeInTheOrderOfTheFile) {
  const std::string text =
      "{\n\"seed\": -1,\n\"version\": 1,\n\"topology\": {\"nodes\": [{\"name\": \"n\"}],\n\"x\": 1},"
      "\n\"expect\": 3,\n\"name\": \"A\"}";
  try {
    parse(text, "s.json");
    FAIL();
  } catch (const ScenarioErrors& errors) {
    std::string places;
    for (const InputError& error : errors.errors()) places += error.where() + "\n";
    EXPECT_EQ(places, "s.json:2:9: /seed\ns.json:5:1: /topology/x\ns.json:6:11: /expect\ns.json:7:9: /name\n");
    EXPECT_EQ(errors.errors()[0].hint(), "0 to 18446744073709551615");
  }
}

TEST(Parse, ColumnsCountCharacters) {
  EXPECT_EQ(complaint(R"({"version": 1, "name": "s", "description": "öäü€", "topology": 1})"),
            "s.json:1:64: /topology: expected an object (topology), found a number");
  EXPECT_EQ(complaint("\xEF\xBB\xBF{\"version\": 1,\r\n\t\"name\": \"s\", \"topology\": 1}"),
            "s.json:2:27: /topology: expected an object (topology), found a number");
}

TEST(Parse, HoldsAgainstHostileText) {
  EXPECT_NE(complaint(std::string(100'000, '[')).find("nested more than 64 levels deep"), std::string::npos);
  EXPECT_NE(complaint(file(R"("topology": {"datacenters": [{"name": "a", "hosts": 1e999}]})")).find("not JSON"),
            std::string::npos);
  EXPECT_NE(complaint(file("\"" + std::string(1 << 20, 'k') + "\": 1")).find("unknown key"), std::string::npos);
  EXPECT_NE(complaint(std::string("{\"version\": 1\0}", 15)).find("not JSON"), std::string::npos);
}

// Every text that begins like a scenario and ends too early is refused, and without reading past its end (ASan).
TEST(Parse, RefusesEveryPrefixOfAScenario) {
  const std::string whole = file(R"("topology": {"datacenters": [{"name": "ä", "hosts": 12}], "nodes": [null, true]})");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(complaint(whole.substr(0, length)), "accepted") << length;
  }
}

TEST(Json, KnowsWhereEverythingStands) {
  const Document document = read_json("{\"a\": [1, 22 ,\n  {\"b/c~d\": -3.5e1}], \"e\":{}}");
  ASSERT_TRUE(document.problems.empty());
  const auto value = [&](const char* pointer) { return document.places.at(pointer).value; };
  EXPECT_EQ(value(""), (Place{1, 1}));
  EXPECT_EQ(value("/a"), (Place{1, 7}));
  EXPECT_EQ(value("/a/0"), (Place{1, 8}));
  EXPECT_EQ(value("/a/1"), (Place{1, 11}));
  EXPECT_EQ(value("/a/2"), (Place{2, 3}));
  EXPECT_EQ(document.places.at("/a/2/b~1c~0d").key, (Place{2, 4}));
  EXPECT_EQ(value("/a/2/b~1c~0d"), (Place{2, 13}));
  EXPECT_EQ(value("/e"), (Place{2, 27}));
  EXPECT_EQ(document.root.at(Json::json_pointer("/a/2/b~1c~0d")), -35.0);
  EXPECT_EQ(document.places.size(), 7u);
}

// A list of words in a single line of ten million characters; a walk from the line's start for each takes minutes.
TEST(Json, AnEndlessLineCostsOneWalk) {
  constexpr int kWords = 100'000;
  const std::string word = "\"" + std::string(97, 'x') + "\",";
  std::string text = "[";
  for (int i = 0; i < kWords; ++i) text += word;
  text += "0]";
  const std::clock_t began = std::clock();
  const Document document = read_json(text);
  EXPECT_LT(static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC, 10);
  EXPECT_EQ(document.places.at(fmt::format("/{}", kWords)).value, (Place{1, 100 * kWords + 2}));
}

TEST(Json, KeepsTheFirstOfTwoKeysAndReportsTheOther) {
  const Document document = read_json(R"({"a": {"x": 1}, "a": {"x": [2], "y": 3}, "b": 4})");
  ASSERT_EQ(document.problems.size(), 1u);
  EXPECT_EQ(document.problems[0].place, (Place{1, 17}));
  EXPECT_EQ(document.root.dump(), R"({"a":{"x":1},"b":4})");
}

TEST(Json, KeepsTheFirstAlsoOfKeysWithinOneThatIsNotKept) {
  const Document document = read_json(R"({"a": 1, "a": {"b": {"c": 1}, "b": [2], "d": 3}})");
  EXPECT_EQ(document.root, Json::parse(R"({"a": 1})"));
  EXPECT_EQ(document.problems.size(), 2u);
}

TEST(Load, SaysWhyAFileCannotBeRead) {
  const auto why = [](const std::string& path) {
    try {
      load(path);
      return std::string("read");
    } catch (const InputError& error) {
      return error.line();
    }
  };
  EXPECT_EQ(why("/nonexistent/s.json"), "/nonexistent/s.json: cannot read the scenario: No such file or directory");
  EXPECT_EQ(why("/"), "/: cannot read the scenario: Is a directory");
}

TEST(Load, ReadsAFile) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / fmt::format("load-{}.json", ::getpid());
  std::ofstream(path) << file(R"("topology": {"nodes": [{"name": "n"}]})");
  EXPECT_EQ(load(path, {"topology.nodes.n.kind=router"}).topology.nodes[0].kind, NodeKind::router);
  std::filesystem::remove(path);
}

TEST(Load, PathsAreRelativeToTheScenariosFolder) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / fmt::format("load-{}", ::getpid());
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "s.json") << file(R"("topology": {
    "datacenters": [{"name": "c", "files": [{"path": "/a", "from": "sub/../x"}]}],
    "nodes": [{"name": "n", "image": "./root", "files": [{"path": "/a", "from": "/etc/x"}, {"path": "/b", "text": "t"}]},
              {"name": "m", "image": "debian:12"}]})");
  const Topology topology = load(folder / "s.json").topology;
  std::filesystem::remove_all(folder);
  EXPECT_EQ(topology.datacenters[0].machine.files[0].from, (folder / "x").string());
  EXPECT_EQ(topology.nodes[0].machine.image, (folder / "root").string());
  EXPECT_EQ(topology.nodes[0].machine.files[0].from, "/etc/x");
  EXPECT_EQ(topology.nodes[0].machine.files[1].from, std::nullopt);
  EXPECT_EQ(topology.nodes[1].machine.image, "debian:12");
}

TEST(Write, GivesBackWhatWasRead) {
  Scenario scenario;
  scenario.name = "big";
  scenario.seed = 3;
  scenario.seed_given = true;
  for (int i = 0; i < 1000; ++i) {
    scenario.topology.datacenters.push_back({fmt::format("dc-{}", i), i % 3, {}});
    if (i == 0) continue;
    Link link;
    link.ends[0] = fmt::format("dc-{}", i / 2);
    link.ends[1] = fmt::format("dc-{}", i);
    link.name = fmt::format("wan-{}", i);
    link.forward.rate = BitsPerSecond{static_cast<std::uint64_t>(1000 + i * 7919)};
    link.forward.delay = Nanoseconds(i * 104'729);
    link.backward = link.forward;
    if (i % 2 == 0) link.backward.loss = Probability{0.01 * (i % 7)};
    scenario.topology.links.push_back(std::move(link));
  }
  const std::string text = write(scenario);
  const auto start = std::chrono::steady_clock::now();
  const Scenario read = parse(text, "big.json");
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  RecordProperty("parse_milliseconds", fmt::format("{:.1f}", took.count()));
  EXPECT_EQ(read, scenario);
  EXPECT_LT(took.count(), 5000) << "1000 data centers and 999 links take some 20 ms; this is no longer linear";
}

}  // namespace
}  // namespace geomx::scenario

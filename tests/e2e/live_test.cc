// A lab that is changed while traffic flows: links, nodes, the scenario's events, another scenario; and who is told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <regex>

#include "emulator/base/error.h"
#include "emulator/control/client.h"
#include "tests/e2e/lab_fixture.h"

namespace geomx::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

double number_in(const std::string& text, const std::string& pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? std::stod(match[1]) : -1;
}

class Live : public Lab {
 protected:
  Invocation in_node(const std::string& node, std::vector<std::string> argv) const {
    argv.insert(argv.begin(), {"exec", "play", node, "--"});
    return invocation(std::move(argv));
  }
  nlohmann::json inspect_link(const std::string& link) const {
    const Result shown = emu({"link", "play", link, "--json"});
    EXPECT_EQ(shown.status, 0) << shown.err;
    return nlohmann::json::parse(shown.out, nullptr, false);
  }
  nlohmann::json forward(const std::string& link) const { return inspect_link(link)["forward"]["counters"]; }
  bool as_planned() const { return nlohmann::json::parse(emu({"inspect", "play", "--json"}).out)["as_planned"]; }
  void change(std::vector<std::string> words) const {
    words.insert(words.begin(), {"link", "play"});
    const Result changed = emu(words);
    ASSERT_EQ(changed.status, 0) << changed.err;
  }
  void act(const std::string& node, const std::string& action) const {
    const Result acted = emu({"node", "play", node, action});
    ASSERT_EQ(acted.status, 0) << acted.err;
  }
  int reaches(const std::string& from, const std::string& to) const {
    return exec(from, {"ping", "-c", "1", "-W", "2", to}).status;
  }
  // The state letters of the node's processes whose command line has `mark` in it.
  std::string states(const std::string& mark) const {
    std::string letters;
    for (const ProcessInfo& process : process_tree(lab_pid())) {
      if (process.command.find(mark) == std::string::npos) continue;
      const std::string stat = read_file("/proc/" + std::to_string(process.pid) + "/stat");
      letters += stat[stat.rfind(')') + 2];
    }
    return letters;
  }
};

INSTANTIATE_TEST_SUITE_P(As, Live, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "OrdinaryUser" : "Root"; });

TEST_P(Live, ALinkChangesUnderAPingThatLosesNothing) {
  bring_up();
  Command ping(in_node("central-gateway", {"ping", "-i", "0.05", "-c", "60", "-q", "a-gateway"}));
  ASSERT_TRUE(eventually(10s, [&] { return forward("wan-a")["packets"] > 5; }));
  change({"wan-a", "delay=60ms"});
  change({"wan-a", "rate=20Mbit", "jitter=1ms"});
  change({"wan-a", "--from", "a", "delay=40ms"});
  ASSERT_EQ(ping.wait(kPatience), 0) << ping.out();
  EXPECT_THAT(ping.out(), HasSubstr("60 received"));
  EXPECT_GE(number_in(ping.out(), "mdev = ([0-9.]+)/"), 40.0) << ping.out();  // the least: 2 * 20 ms
  EXPECT_GE(number_in(ping.out(), "mdev = [0-9.]+/[0-9.]+/([0-9.]+)/"), 99.0 - 2) << ping.out();  // the most: 60 + 40
  const nlohmann::json link = inspect_link("wan-a");
  EXPECT_EQ(link["forward"]["asked"]["delay"], "60ms");
  EXPECT_EQ(link["backward"]["asked"]["delay"], "40ms");
  EXPECT_THAT(link["forward"]["read_back"].get<std::string>(), HasSubstr("rate 20Mbit delay 60ms jitter 1ms"));
  const auto scenario = nlohmann::json::parse(emu({"inspect", "play", "--json"}).out)["scenario"];
  EXPECT_EQ(scenario["topology"]["links"][0]["backward"]["delay"], "40ms") << "the scenario that would make this lab";
}

TEST_P(Live, WhatIsQueuedSurvivesAChangeAndALinkThatGoesDown) {
  bring_up();
  change({"wan-a", "rate=200kbit", "queue=1MB", "delay=1ms"});
  const auto before = forward("wan-a")["packets"].get<int>();
  // 40 frames of 1442 bytes: 2.3 s at that rate.
  constexpr int kFrame = 1442;
  Command burst(
      in_node("central-gateway", {"ping", "-s", "1400", "-i", "0.02", "-c", "40", "-W", "1", "-q", "a-gateway"}));
  ASSERT_TRUE(eventually(10s, [&] { return forward("wan-a")["backlog_bytes"] > 10 * kFrame; }));
  change({"wan-a", "rate=400kbit"});
  // All have come, though many still wait: one is being sent, and not counted as waiting.
  ASSERT_TRUE(eventually(10s, [&] {
    const nlohmann::json counters = forward("wan-a");
    const int waiting = counters["backlog_bytes"].get<int>() / kFrame;
    return waiting > 0 && counters["packets"].get<int>() - before + waiting >= 39;
  }));
  change({"wan-a", "down"});
  EXPECT_TRUE(eventually(10s, [&] { return forward("wan-a")["packets"].get<int>() == before + 40; }))
      << forward("wan-a");
  ASSERT_TRUE(burst.wait(kPatience));
  EXPECT_THAT(burst.out(), HasSubstr("40 packets transmitted"));
  EXPECT_EQ(inspect_link("wan-a")["up"], false);
  EXPECT_NE(reaches("central-gateway", "a-gateway"), 0);
  EXPECT_THAT(exec("a-gateway", {"ip", "-br", "link"}).out, HasSubstr("DORMANT")) << "nodes see that it is down";
  EXPECT_GT(forward("wan-a")["dropped_queue"].get<int>(), 0);
  EXPECT_EQ(forward("wan-a")["overruns"].get<int>(), 0);
  change({"wan-a", "up"});
  EXPECT_EQ(reaches("central-gateway", "a-gateway"), 0);
  EXPECT_TRUE(as_planned());
}

TEST_P(Live, ATcpFlowGoesOnAcrossAChangeAndGetsTheNewRate) {
  bring_up();
  Command server(in_node("a-host-0", {"iperf3", "-s", "-1"}));
  ASSERT_TRUE(eventually(10s, [&] {
    return exec("a-host-0", {"ss", "-ltnH"}).out.find(":5201") != std::string::npos;
  }));
  change({"wan-a", "delay=5ms", "rate=50Mbit"});
  Command flow(in_node("central-gateway", {"iperf3", "-c", "a-host-0", "-t", "4", "-i", "1", "-J"}));
  ASSERT_TRUE(eventually(10s, [&] { return forward("wan-a")["bytes"] > 5'000'000; }));
  change({"wan-a", "rate=10Mbit"});
  ASSERT_EQ(flow.wait(kPatience), 0) << flow.out() << flow.err();
  const auto intervals = nlohmann::json::parse(flow.out())["intervals"];
  const double last = forward("wan-a")["busy_bytes"].get<double>();
  EXPECT_GT(last, 0);
  // The sender counts what it hands to its socket, so the last second alone is the link's rate.
  const double rate = intervals.back()["sum"]["bits_per_second"].get<double>();
  EXPECT_LT(rate, 14e6);
  EXPECT_GT(rate, 6e6);
}

TEST_P(Live, UnshapedAndTcLinksGoDownAndUpToo) {
  bring_up();
  change({"a-host-0--a-switch", "down"});
  EXPECT_NE(reaches("a-host-0", "a-host-1"), 0);
  EXPECT_EQ(reaches("a-host-1", "a-gateway"), 0) << "the others on the LAN hear nothing of it";
  change({"a-host-0--a-switch", "up"});
  EXPECT_EQ(reaches("a-host-0", "a-host-1"), 0);
  const Result shaped = emu({"link", "play", "a-host-0--a-switch", "rate=20Mbit"});
  EXPECT_EQ(shaped.status, 0) << shaped.err;
  EXPECT_THAT(shaped.out, HasSubstr("tbf rate 20Mbit"));
  change({"a-host-0--a-switch", "down"});
  EXPECT_NE(reaches("a-host-0", "a-host-1"), 0);
  change({"a-host-0--a-switch", "up", "rate=none"});
  EXPECT_EQ(reaches("a-host-0", "a-host-1"), 0);
  EXPECT_TRUE(as_planned());
}

TEST_P(Live, WhatALinksShaperCannotDoIsRefusedUnlessItIsRebuilt) {
  bring_up();
  const std::string lan = "b-host-0--b-switch";
  const Result refused = emu({"link", "play", lan, "delay=10ms", "jitter=1ms"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr(lan + ": tc does not keep the order of packets under jitter"));
  EXPECT_THAT(refused.err, HasSubstr("--rebuild"));
  EXPECT_EQ(inspect_link(lan)["forward"]["asked"]["delay"], "0ns") << "nothing has changed";
  change({lan, "delay=10ms", "jitter=1ms", "--rebuild"});
  EXPECT_EQ(inspect_link(lan)["shaper"], "wire");
  const Result ping = exec("b-host-0", {"ping", "-c", "3", "-i", "0.2", "b-gateway"});
  EXPECT_GE(number_in(ping.out, "mdev = ([0-9.]+)/"), 18.0) << ping.out;
  EXPECT_EQ(reaches("b-host-0", "a-host-0"), 0) << "its routes are there again";
  EXPECT_TRUE(as_planned());
  EXPECT_THAT(emu({"link", "play", "wan-a", "rat=1Mbit"}).err, HasSubstr("unknown key \"rat\""));
  EXPECT_THAT(emu({"link", "play", "wan-c"}).err, HasSubstr("did you mean"));
  EXPECT_THAT(emu({"link", "play", "wan-a", "--from", "b", "rate=1Mbit"}).err, HasSubstr("its ends are central and a"));
}

TEST_P(Live, AnMtuChangesAtBothEndsAtOnce) {
  auto scenario = nlohmann::json::parse(kScenario);
  scenario["topology"]["nodes"] = {{{"name", "x"}}, {{"name", "y"}}};
  scenario["topology"]["links"].push_back({{"name", "cable"}, {"ends", {"x", "y"}}});
  std::ofstream(scratch_.path() / "play.json") << scenario;
  bring_up();
  // Without fragments: 28 bytes of headers.
  const auto fits = [&](const std::string& from, const std::string& to, int size) {
    const std::string payload = std::to_string(size - 28);
    return exec(from, {"ping", "-M", "do", "-c", "1", "-W", "2", "-s", payload, to}).status == 0;
  };
  change({"cable", "mtu=4000"});
  EXPECT_TRUE(fits("x", "y", 4000));
  EXPECT_FALSE(fits("x", "y", 4001));
  change({"cable", "rate=100Mbit"});  // now by tc
  change({"cable", "mtu=9000"});
  EXPECT_TRUE(fits("y", "x", 9000));
  change({"wan-a", "mtu=1000"});
  EXPECT_TRUE(fits("central-gateway", "a-gateway", 1000));
  EXPECT_FALSE(fits("central-gateway", "a-gateway", 1001));
  const Result outgrown = emu({"link", "play", "wan-a", "mtu=2000"});
  EXPECT_EQ(outgrown.status, 2);
  EXPECT_THAT(outgrown.err, HasSubstr("wan-a: a wire made for an MTU of 1000 cannot grow to 2000"));
  EXPECT_THAT(outgrown.err, HasSubstr("--rebuild"));
  change({"wan-a", "mtu=2000", "--rebuild"});
  EXPECT_TRUE(fits("central-gateway", "a-gateway", 2000));
  EXPECT_FALSE(fits("central-gateway", "a-gateway", 2001));
  EXPECT_THAT(emu({"link", "play", "wan-a", "--from", "a", "mtu=1500"}).err,
              HasSubstr("wan-a: mtu: an MTU of 2000 one way and of 1500 the other"));
  EXPECT_THAT(emu({"link", "play", "a-host-0--a-switch", "mtu=1400"}).err,
              HasSubstr("all ports of a switch have the same MTU"));
  EXPECT_TRUE(as_planned());

  scenario = nlohmann::json::parse(emu({"inspect", "play", "--json"}).out)["scenario"];
  scenario["topology"]["datacenters"][1]["lan"]["mtu"] = 1200;
  scenario["topology"]["links"][1]["mtu"] = 3000;
  std::ofstream(scratch_.path() / "new.json") << scenario;
  const Result applied = emu({"apply", "play", "new.json"});
  EXPECT_EQ(applied.status, 0) << applied.out << applied.err;
  EXPECT_THAT(applied.out, HasSubstr("~ link a-host-0--a-switch: MTU 1500 -> 1200"));
  EXPECT_THAT(applied.out, HasSubstr("~ link wan-b: rebuilt for larger frames"));
  EXPECT_TRUE(fits("a-host-0", "a-host-1", 1200));
  EXPECT_FALSE(fits("a-host-0", "a-host-1", 1201));
  EXPECT_TRUE(fits("central-gateway", "b-gateway", 3000));
  EXPECT_TRUE(as_planned());
}

TEST_P(Live, ChanceAndTracesComeAndGo) {
  bring_up();
  change({"wan-a", "delay=5ms", R"(gilbert_elliott={"p": "10%", "r": "50%"})", "duplicate=20%", "corrupt=10%"});
  const Result flood = exec("central-gateway", {"ping", "-i", "0.002", "-w", "2", "-q", "a-gateway"});
  EXPECT_THAT(flood.out, HasSubstr("packets transmitted"));
  nlohmann::json counters = forward("wan-a");
  EXPECT_GT(counters["dropped_loss"], 10);
  EXPECT_GT(counters["duplicated"], 10);
  EXPECT_GT(counters["corrupted"], 5);
  change({"wan-a", "gilbert_elliott=none", "duplicate=none", "corrupt=none"});
  const Result clean = exec("central-gateway", {"ping", "-i", "0.002", "-c", "200", "-q", "a-gateway"});
  EXPECT_THAT(clean.out, HasSubstr("200 received, 0% packet loss")) << clean.out;

  // A packet every 100 ms: the second of two that come at once waits for it.
  std::ofstream(scratch_.path() / "slow.trace") << "100\n";
  change({"wan-a", R"(trace={"file": "slow.trace"})", "delay=none"});
  EXPECT_THAT(emu({"link", "play", "wan-a"}).out, HasSubstr("trace slow.trace"));
  const Result slow = exec("central-gateway", {"ping", "-i", "0.01", "-c", "10", "-s", "1472", "-q", "a-gateway"});
  EXPECT_GE(number_in(slow.out, "mdev = [0-9.]+/[0-9.]+/([0-9.]+)/"), 250.0) << slow.out;
  change({"wan-a", "rate=100Mbit"});
  const Result fast = exec("central-gateway", {"ping", "-i", "0.01", "-c", "10", "-s", "1472", "-q", "a-gateway"});
  EXPECT_LE(number_in(fast.out, "mdev = [0-9.]+/[0-9.]+/([0-9.]+)/"), 50.0) << fast.out;
  EXPECT_THAT(emu({"link", "play", "wan-a", R"(trace={"file": "nowhere.trace"})"}).err,
              HasSubstr("cannot read the trace"));
  EXPECT_TRUE(as_planned());
}

TEST_P(Live, AKilledNodeIsSilentAndComesBackWithARestart) {
  bring_up();
  Command victim(in_node("a-host-0", {"sh", "-c", "sleep 1000 & sleep 1001"}));
  Command talker(in_node("a-gateway", {"sleep", "1002"}));
  ASSERT_TRUE(eventually(10s, [&] { return !states("1001").empty() && !states("1002").empty(); }));
  act("a-host-0", "kill");
  EXPECT_EQ(victim.wait(kPatience), 128 + SIGKILL);
  EXPECT_THAT(states("sleep 100"), Not(IsEmpty())) << "other nodes' processes live";
  EXPECT_THAT(states("1000"), IsEmpty()) << "children too";
  EXPECT_NE(reaches("b-host-0", "a-host-0"), 0);
  EXPECT_EQ(reaches("b-host-0", "a-host-1"), 0);
  const Result refused = exec("a-host-0", {"true"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("the node is killed (geomx-emu node play a-host-0 restart)"));
  EXPECT_FALSE(as_planned());
  act("a-host-0", "restart");
  EXPECT_EQ(reaches("b-host-0", "a-host-0"), 0);
  EXPECT_TRUE(as_planned());

  act("a-gateway", "kill");  // with a wire link and a switch at its interfaces
  EXPECT_EQ(talker.wait(kPatience), 128 + SIGKILL);
  EXPECT_NE(reaches("b-host-0", "a-host-0"), 0);
  act("a-gateway", "restart");
  EXPECT_EQ(reaches("b-host-0", "a-host-0"), 0);
  act("a-switch", "kill");
  EXPECT_NE(reaches("a-host-1", "a-host-0"), 0);
  act("a-switch", "restart");
  EXPECT_EQ(reaches("a-host-1", "a-host-0"), 0);
  EXPECT_TRUE(as_planned());
  EXPECT_EQ(forward("wan-a")["overruns"].get<int>(), 0);
}

TEST_P(Live, APausedNodeStandsStillUntilItIsResumed) {
  bring_up();
  Command worker(in_node("a-host-0", {"sh", "-c", "sleep 1003; exit 7"}));
  ASSERT_TRUE(eventually(10s, [&] { return !states("sleep 1003").empty(); }));
  act("a-host-0", "pause");
  for (const char state : states("1003")) EXPECT_EQ(state, 'T');
  EXPECT_THAT(exec("a-host-0", {"true"}).err, HasSubstr("the node is paused (geomx-emu node play a-host-0 resume)"));
  act("a-host-0", "resume");
  EXPECT_TRUE(eventually(5s, [&] { return states("1003").find('T') == std::string::npos; }));
  EXPECT_EQ(exec("a-host-0", {"true"}).status, 0);
  act("a-host-0", "pause");
  act("a-host-0", "kill");
  EXPECT_EQ(worker.wait(kPatience), 128 + SIGKILL);
  EXPECT_THAT(emu({"node", "play", "a-host-0", "resume"}).err, HasSubstr("restart"));
}

TEST_P(Live, EventsOfTheScenarioHappenInARunAndAreRecorded) {
  auto scenario = nlohmann::json::parse(kScenario);
  scenario["workload"] = {{{"node", "central-gateway"}, {"argv", {"ping", "-i", "0.05", "-c", "50", "a-gateway"}}},
                          {{"node", "b-host-0"}, {"argv", {"sh", "-c", "echo started; sleep 2"}}}};
  scenario["events"] = nlohmann::json::parse(R"([
      {"at": "500ms", "link": "wan-a", "set": {"delay": "50ms"}},
      {"at": "1s", "link": "wan-a", "ramp": {"to": {"delay": "30ms"}, "over": "500ms", "every": "100ms"}},
      {"at": "300ms", "node": "b-host-0", "kill": "500ms"},
      {"at": "2s", "link": "wan-b", "down": "100ms"}])");
  std::ofstream(scratch_.path() / "events.json") << scenario;
  const Result run = emu({"run", "events.json", "--out", "out", "--quiet"});
  ASSERT_EQ(run.status, 0) << run.err;
  const auto out = scratch_.path() / "out";
  const std::string pings = read_file(out / "logs/central-gateway.log");
  EXPECT_THAT(pings, HasSubstr("50 received"));
  EXPECT_GE(number_in(pings, "mdev = [0-9.]+/[0-9.]+/([0-9.]+)/"), 100.0) << pings;
  EXPECT_EQ(read_file(out / "logs/b-host-0.log"), "started\nstarted\n") << "restarted with its node";
  Command query({.argv = {"sqlite3", "out/run.sqlite",
                          "SELECT kind, object, detail FROM events WHERE kind IN "
                          "('set', 'down', 'up', 'kill', 'restart', 'failed') ORDER BY time"},
                 .directory = scratch_.path()});
  ASSERT_EQ(query.wait(kPatience), 0) << query.err();
  EXPECT_EQ(query.out(),
            "kill|b-host-0|\nset|wan-a|delay=50ms\nrestart|b-host-0|\n"
            "set|wan-a|forward delay=46ms\nset|wan-a|backward delay=46ms\n"
            "set|wan-a|forward delay=42ms\nset|wan-a|backward delay=42ms\n"
            "set|wan-a|forward delay=38ms\nset|wan-a|backward delay=38ms\n"
            "set|wan-a|forward delay=34ms\nset|wan-a|backward delay=34ms\n"
            "set|wan-a|forward delay=30ms\nset|wan-a|backward delay=30ms\n"
            "down|wan-b|\nup|wan-b|\n");
  const nlohmann::json summary = read_json(out / "summary.json");
  EXPECT_EQ(summary["links"][0]["measured"]["delay"], nullptr) << "a mean over several delays says nothing";
}

TEST_P(Live, ALabThatIsUpHasItsEventsToo) {
  auto scenario = nlohmann::json::parse(kScenario);
  scenario["events"] = nlohmann::json::parse(R"([{"at": "100ms", "link": "wan-b", "set": {"rate": "7Mbit"}}])");
  std::ofstream(scratch_.path() / "play.json") << scenario;
  bring_up();
  EXPECT_TRUE(eventually(10s, [&] { return inspect_link("wan-b")["backward"]["asked"]["rate"] == "7Mbit"; }));
}

TEST_P(Live, AppliesAnotherScenarioUnderAPingThatLosesNothing) {
  bring_up();
  auto scenario = nlohmann::json::parse(kScenario);
  auto& topology = scenario["topology"];
  topology["datacenters"].erase(2);  // b
  topology["datacenters"].push_back({{"name", "c"}, {"hosts", 1}});
  topology["datacenters"][1]["hosts"] = 3;
  topology["links"][0]["delay"] = "30ms";
  topology["links"][1] = {{"name", "wan-c"}, {"ends", {"a", "c"}}, {"rate", "20Mbit"}, {"delay", "5ms"}};
  std::ofstream(scratch_.path() / "new.json") << scenario;

  const std::string before = emu({"inspect", "play", "--json"}).out;
  Command ping(in_node("central-gateway", {"ping", "-i", "0.05", "-c", "60", "-q", "a-host-1"}));
  Command doomed(in_node("b-host-0", {"sleep", "1004"}));
  ASSERT_TRUE(eventually(10s, [&] { return forward("wan-a")["packets"] > 5; }));

  const Result dry = emu({"apply", "play", "new.json", "--dry-run"});
  ASSERT_EQ(dry.status, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("- link wan-b"));
  EXPECT_THAT(dry.out, HasSubstr("+ node c-host-0 (host)"));
  EXPECT_EQ(reaches("b-host-0", "central"), 0) << "a dry run changes nothing";

  const Result applied = emu({"apply", "play", "new.json"});
  ASSERT_EQ(applied.status, 0) << applied.out << applied.err;
  EXPECT_THAT(applied.out, HasSubstr(dry.out));
  EXPECT_THAT(applied.out, HasSubstr("all as planned"));
  EXPECT_EQ(doomed.wait(kPatience), 128 + SIGKILL);
  const Result across = exec("c-host-0", {"ping", "-c", "3", "-i", "0.2", "central-gateway"});
  EXPECT_EQ(across.status, 0) << across.out << across.err;
  EXPECT_GE(number_in(across.out, "mdev = ([0-9.]+)/"), 70.0);
  EXPECT_EQ(reaches("a-host-2", "c-host-0"), 0);
  EXPECT_THAT(exec("b-host-0", {"true"}).err, HasSubstr("no node has this name"));
  ASSERT_EQ(ping.wait(kPatience), 0) << ping.out();
  EXPECT_THAT(ping.out(), HasSubstr("60 received"));
  EXPECT_THAT(emu({"apply", "play", "new.json"}).out, HasSubstr("play is so already"));
  EXPECT_THAT(emu({"list", "--json"}).out, HasSubstr("\"nodes\": 10"));

  const Result back = emu({"apply", "play", "play.json"});
  EXPECT_EQ(back.status, 0) << back.out << back.err;
  EXPECT_EQ(reaches("b-host-0", "a-host-0"), 0);
  EXPECT_TRUE(as_planned());
}

TEST_P(Live, WhatCannotBeAppliedLeavesTheLabAsItWas) {
  bring_up();
  auto scenario = nlohmann::json::parse(kScenario);
  scenario["topology"]["nodes"] = {{{"name", "x"}, {"kind", "router"}}};
  scenario["topology"]["links"][1]["ends"] = {"central", "nowhere"};
  std::ofstream(scratch_.path() / "new.json") << scenario;
  EXPECT_EQ(emu({"apply", "play", "new.json"}).status, 2);
  EXPECT_EQ(reaches("b-host-0", "a-host-0"), 0);
  EXPECT_TRUE(as_planned());
}

// Both sides of the feed in this process: the test is another client of the same lab.
TEST(Feed, TellsWhoSubscribedOfEventsAndCounters) {
  const std::string missing = missing_for_labs(false);
  if (!missing.empty()) GTEST_SKIP() << "SKIPPED: " << missing;
  Scratch scratch;
  std::ofstream(scratch.path() / "play.json") << kScenario;
  const std::string labs = scratch.path() / "labs";
  const auto emu = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), binary("geomx-emu").string());
    Command command({.argv = arguments, .directory = scratch.path(), .environment = {{"GEOMX_EMU_RUNTIME_DIR", labs}}});
    EXPECT_EQ(command.wait(kPatience), 0) << command.err();
  };
  emu({"up", "play.json", "--detach"});
  ::setenv("GEOMX_EMU_RUNTIME_DIR", labs.c_str(), 1);
  {
    control::Client listener = control::Client::connect("play");
    control::Client other = control::Client::connect("play");
    other.change_link({.link = "wan-b", .assignments = {"rate=1Mbit"}});
    listener.subscribe(20ms);
    EXPECT_FALSE(listener.next_event(0ms)) << "what was before the subscription is not told";
    other.change_link({.link = "wan-a", .way = lab::Way::backward, .assignments = {"rate=5Mbit"}});
    other.act_on_node("b-host-0", "kill");
    other.change_link({.link = "wan-a", .up = false});
    std::vector<std::string> told;
    while (told.size() < 3) {
      const auto event = listener.next_event(5s);
      ASSERT_TRUE(event);
      told.push_back(event->kind + " " + event->object + " " + event->detail);
    }
    EXPECT_EQ(told, (std::vector<std::string>{"set wan-a backward rate=5Mbit", "kill b-host-0 ", "down wan-a "}));
    EXPECT_THROW(other.act_on_node("b-host-0", "explode"), InputError);
    std::optional<control::CounterSample> first = listener.next_sample(5s);
    std::optional<control::CounterSample> second = listener.next_sample(5s);
    ASSERT_TRUE(first && second);
    EXPECT_GT(second->time, first->time);
    EXPECT_EQ(second->links.size(), 8u);
    // Answers and what comes unasked do not mix.
    for (int i = 0; i < 50; ++i) EXPECT_EQ(listener.counters().size(), 8u);
    EXPECT_FALSE(other.next_event(0ms)) << "who has not subscribed is not told";
  }
  emu({"down", "play"});
  ::unsetenv("GEOMX_EMU_RUNTIME_DIR");
}

}  // namespace
}  // namespace geomx::test

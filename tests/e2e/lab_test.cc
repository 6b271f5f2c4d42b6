// Labs as a user has them: up, list, inspect, exec, down, and what is left when something is killed. Each as root and
// as an ordinary user.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <regex>

#include "tests/e2e/lab_fixture.h"

namespace geomx::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

INSTANTIATE_TEST_SUITE_P(As, Lab, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "OrdinaryUser" : "Root"; });

std::string host_interfaces() {
  std::string names;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/class/net")) {
    names += entry.path().filename().string() + "\n";
  }
  return names;
}

TEST_P(Lab, ComesUpIsSeenAndGoesDown) {
  const std::string before = host_interfaces();
  bring_up();
  const auto labs = nlohmann::json::parse(emu({"list", "--json"}).out);
  ASSERT_THAT(labs, SizeIs(1));
  EXPECT_EQ(labs[0]["name"], "play");
  EXPECT_EQ(labs[0]["nodes"], 9);
  EXPECT_EQ(labs[0]["attached"], false);
  EXPECT_EQ(host_interfaces(), before);
  const std::vector<ProcessInfo> tree = process_tree(labs[0]["pid"].get<pid_t>());
  EXPECT_GE(tree.size(), 2u);

  const Result down = emu({"down", "play"});
  EXPECT_EQ(down.status, 0) << down.err;
  for (const ProcessInfo& process : tree) EXPECT_FALSE(alive(process)) << process.command;
  EXPECT_EQ(nlohmann::json::parse(emu({"list", "--json"}).out), nlohmann::json::array());
  EXPECT_EQ(host_interfaces(), before);
}

TEST_P(Lab, EveryHostReachesEveryOtherByNameInTheTimeThatTheDelaysSay) {
  bring_up();
  const auto round_trip = [&](const std::string& from, const std::string& to) {
    const Result ping = exec(from, {"ping", "-c", "5", "-i", "0.2", "-w", "10", to});
    EXPECT_EQ(ping.status, 0) << ping.out << ping.err;
    std::smatch match;
    return std::regex_search(ping.out, match, std::regex("= ([0-9.]+)/")) ? std::stod(match[1]) : -1.0;  // the least
  };
  for (const char* from : {"a-host-0", "a-host-1", "b-host-0", "central-gateway"}) {
    for (const char* to : {"a-host-0", "a-host-1", "b-host-0", "central", "b-gateway"}) {
      const auto one_way = [](const std::string& name) { return name[0] == 'a' ? 20 : name[0] == 'b' ? 10 : 0; };
      const bool same = from[0] == to[0];
      const double expected = same ? 0 : 2.0 * (one_way(from) + one_way(to));
      const double measured = round_trip(from, to);
      EXPECT_GE(measured, expected) << from << " -> " << to;
      EXPECT_LE(measured, expected + 3) << from << " -> " << to;  // a busy machine's timers are late
    }
  }
}

TEST_P(Lab, InspectFindsTheKernelAsPlanned) {
  bring_up();
  const Result ping = exec("a-host-0", {"ping", "-c", "3", "-i", "0.2", "b-host-0"});
  EXPECT_EQ(ping.status, 0) << ping.out;
  const Result inspected = emu({"inspect", "play", "--json"});
  ASSERT_EQ(inspected.status, 0) << inspected.err;
  const auto json = nlohmann::json::parse(inspected.out);
  EXPECT_THAT(json["nodes"], SizeIs(9));
  EXPECT_THAT(json["links"], SizeIs(8));
  EXPECT_EQ(json["as_planned"], true);
  EXPECT_EQ(json["scenario"]["name"], "play");
  for (const auto& node : json["nodes"]) {
    EXPECT_THAT(node["differences"], IsEmpty()) << node;
    for (const auto& interface : node["interfaces"]) EXPECT_EQ(interface["up"], true) << node["name"];
  }
  for (const auto& link : json["links"]) {
    if (link["name"] != "wan-a") continue;
    EXPECT_EQ(link["forward"]["asked"]["rate"], "100Mbit");
    EXPECT_THAT(link["forward"]["read_back"].get<std::string>(), HasSubstr("100Mbit"));
    // Three echo requests of 98 bytes one way, and the replies the other.
    EXPECT_EQ(link["backward"]["counters"]["packets"], 3);
    EXPECT_EQ(link["forward"]["counters"]["packets"], 3);
    EXPECT_EQ(link["forward"]["counters"]["bytes"], 3 * 98);
  }
}

TEST_P(Lab, InspectSeesWhatDiffers) {
  bring_up();
  ASSERT_EQ(exec("a-gateway", {"ip", "link", "set", "eth1", "down"}).status, 0);
  const auto json = nlohmann::json::parse(emu({"inspect", "play", "--json"}).out);
  EXPECT_EQ(json["as_planned"], false);
}

// What a node's own root can undo behind the lab's back. A rate alone is shaped by tc everywhere.
TEST_P(Lab, InspectSeesAShaperAndASwitchThatAreGone) {
  std::ofstream(scratch_.path() / "play.json") << R"({"version": 1, "name": "play", "topology": {
    "datacenters": [ {"name": "a", "hosts": 1}, {"name": "b", "hosts": 1} ],
    "links": [ {"name": "wan", "ends": ["a", "b"], "rate": "100Mbit"} ]}})";
  bring_up();
  const auto inspect = [&] { return nlohmann::json::parse(emu({"inspect", "play", "--json"}).out); };
  const auto named = [](const nlohmann::json& items, const std::string& name) {
    return *std::find_if(items.begin(), items.end(), [&](const auto& item) { return item["name"] == name; });
  };
  const auto differences = [&](const char* kind, const std::string& name) {
    return named(inspect()[kind], name)["differences"].dump();
  };
  ASSERT_EQ(named(inspect()["links"], "wan")["shaper"], "tc");
  EXPECT_EQ(inspect()["as_planned"], true) << differences("links", "wan") << inspect()["nodes"];

  ASSERT_EQ(exec("a-gateway", {"tc", "qdisc", "change", "dev", "eth1", "root", "handle", "1:", "tbf", "rate", "50mbit",
                               "burst", "16kb", "limit", "1mb"})
                .status,
            0);
  EXPECT_THAT(differences("links", "wan"), HasSubstr("a-gateway:eth1: shaped by tbf rate 50Mbit"));
  ASSERT_EQ(exec("a-gateway", {"tc", "qdisc", "del", "dev", "eth1", "root"}).status, 0);
  EXPECT_THAT(differences("links", "wan"), HasSubstr("a-gateway:eth1: not shaped by tbf rate 100Mbit"));
  EXPECT_THAT(differences("nodes", "a-gateway"), HasSubstr("eth1: not shaped"));
  EXPECT_EQ(inspect()["as_planned"], false);
  EXPECT_EQ(differences("nodes", "b-gateway"), "[]");

  ASSERT_EQ(exec("b-host-0",
                 {"tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "1mbit", "burst", "16kb", "limit", "1mb"})
                .status,
            0);
  EXPECT_THAT(differences("nodes", "b-host-0"), HasSubstr("eth0: has a qdisc tbf"));
  ASSERT_EQ(exec("b-switch", {"ip", "link", "set", "br0", "down"}).status, 0);
  EXPECT_THAT(differences("nodes", "b-switch"), HasSubstr("br0: down"));
  EXPECT_EQ(inspect()["as_planned"], false);
}

TEST_P(Lab, ExecIsAsIfTheCommandRanHere) {
  bring_up();
  EXPECT_EQ(exec("a-host-0", {"sh", "-c", "exit 7"}).status, 7);
  EXPECT_EQ(exec("a-host-0", {"sh", "-c", "kill -9 $$"}).status, 128 + SIGKILL);
  EXPECT_EQ(exec("a-host-0", {"hostname"}).out, "a-host-0\n");
  const Result streams = exec("a-host-0", {"sh", "-c", "echo out; echo err >&2"});
  EXPECT_EQ(streams.out, "out\n");
  EXPECT_EQ(streams.err, "err\n");
  const Result missing = exec("a-host-0", {"no-such-command"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.err, HasSubstr("no-such-command"));
  const Result unknown = exec("a-hots-0", {"true"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("a-host-0"));  // did you mean
}

TEST_P(Lab, ExecTakesItsEnvironmentFromItsCallerAlone) {
  Invocation up = invocation({"up", "play.json", "--detach"});
  up.environment["STARTED_WITH"] = "leaks";
  up.in_child = [] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 321;  // of the shell that starts the lab; the lab process itself takes more
    ::setrlimit(RLIMIT_NOFILE, &limit);
  };
  ASSERT_EQ(ended(up).status, 0);
  EXPECT_EQ(exec("a-host-0", {"sh", "-c", "echo ${STARTED_WITH-unset}; ulimit -Sn"}).out, "unset\n321\n");
  Invocation odd = invocation({"exec", "play", "a-host-0", "--", "printf", "%s", "argument \xff"});
  odd.environment["ODD"] = "\xfe";
  EXPECT_EQ(ended(odd).out, "argument \xff");
  odd.argv = invocation({"exec", "play", "a-host-0", "--", "printenv", "ODD"}).argv;
  EXPECT_EQ(ended(odd).out, "\xfe\n");
  const Result unknown = emu({"exec", "play", "a-\xff", "--", "true"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("a-\xff"));
}

TEST_P(Lab, ExecForwardsSignals) {
  bring_up();
  Command command(invocation({"exec", "play", "a-host-0", "--", "sh", "-c",
                              "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.05; done"}));
  ASSERT_TRUE(eventually(10s, [&] { return command.out() == "ready\n"; }));
  command.signal(SIGTERM);
  EXPECT_EQ(command.wait(10s), 3);
  EXPECT_EQ(command.out(), "ready\ncaught\n");
}

TEST_P(Lab, ACommandWhoseExecIsKilledIsEnded) {
  bring_up();
  const pid_t lab = lab_pid();
  const auto sleepers = [&] {
    std::vector<ProcessInfo> tree = process_tree(lab);
    std::erase_if(tree,
                  [](const ProcessInfo& process) { return process.command.find("sleep 1234") == std::string::npos; });
    return tree;
  };
  Command command(invocation({"exec", "play", "a-host-0", "--", "sleep", "1234"}));
  ASSERT_TRUE(eventually(10s, [&] { return !sleepers().empty(); }));
  command.signal(SIGKILL);
  EXPECT_TRUE(eventually(10s, [&] { return sleepers().empty(); }));
  EXPECT_EQ(exec("a-host-0", {"true"}).status, 0);
}

TEST_P(Lab, ASecondOneOfTheSameNameIsRefused) {
  bring_up();
  const Result second = emu({"up", "play.json", "--detach"});
  EXPECT_EQ(second.status, 2);
  EXPECT_THAT(second.err, HasSubstr("running"));
  const Result other = emu({"up", "play.json", "--detach", "--name", "other"});
  EXPECT_EQ(other.status, 0) << other.err;
  EXPECT_THAT(nlohmann::json::parse(emu({"list", "--json"}).out), SizeIs(2));
}

TEST_P(Lab, InTheForegroundItEndsWithCtrlC) {
  Command up(invocation({"up", "play.json"}));
  ASSERT_TRUE(eventually(kPatience, [&] { return up.out().find("Ctrl-C") != std::string::npos; })) << up.err();
  const std::vector<ProcessInfo> tree = process_tree(lab_pid());
  up.signal(SIGINT);
  EXPECT_EQ(up.wait(10s), 0);
  EXPECT_THAT(up.out(), HasSubstr("is down"));
  for (const ProcessInfo& process : tree) EXPECT_FALSE(alive(process)) << process.command;
}

TEST_P(Lab, WhateverIsKilledNothingIsLeftAndTheNextComesUpAtOnce) {
  for (int round = 0; round < 20; ++round) {
    Command up(invocation({"up", "play.json"}));
    ASSERT_TRUE(eventually(kPatience, [&] { return up.out().find("Ctrl-C") != std::string::npos; }))
        << "round " << round << ": " << up.err();
    const std::vector<ProcessInfo> tree = process_tree(up.pid());
    ASSERT_GE(tree.size(), 3u);  // up, init, the lab
    const pid_t victim = tree[static_cast<std::size_t>(round) % tree.size()].pid;
    ASSERT_EQ(::kill(victim, SIGKILL), 0);
    ASSERT_TRUE(up.wait(10s).has_value()) << "round " << round;
    for (const ProcessInfo& process : tree) {
      EXPECT_TRUE(eventually(2s, [&] { return !alive(process); })) << "round " << round << ": " << process.command;
    }
  }
  EXPECT_EQ(nlohmann::json::parse(emu({"list", "--json"}).out), nlohmann::json::array());
}

TEST_P(Lab, ADetachedOneSurvivesItsStarterButNotItsKiller) {
  bring_up();
  const pid_t lab = lab_pid();
  const std::vector<ProcessInfo> tree = process_tree(lab);
  ASSERT_GE(tree.size(), 2u);
  ASSERT_EQ(::kill(lab, SIGKILL), 0);
  for (const ProcessInfo& process : tree) {
    EXPECT_TRUE(eventually(2s, [&] { return !alive(process); })) << process.command;
  }
  bring_up();
  EXPECT_EQ(exec("b-host-0", {"true"}).status, 0);
}

TEST_P(Lab, ABrokenScenarioMakesNothing) {
  std::ofstream(scratch_.path() / "broken.json") << R"({"version": 1, "name": "x", "topology": {"datacenters": [
    {"name": "a"}], "links": [ {"ends": ["a", "nowhere"], "rate": "10"} ]}})";
  const Result up = emu({"up", "broken.json", "--detach"});
  EXPECT_EQ(up.status, 2);
  EXPECT_THAT(up.err, HasSubstr("nowhere"));
  EXPECT_EQ(nlohmann::json::parse(emu({"list", "--json"}).out), nlohmann::json::array());
}

TEST_P(Lab, UsageAndUnknownLabsAreBadInput) {
  EXPECT_EQ(emu({}).status, 2);
  EXPECT_EQ(emu({"frobnicate"}).status, 2);
  EXPECT_EQ(emu({"inspect"}).status, 2);
  EXPECT_EQ(emu({"inspect", "nobody"}).status, 2);
  EXPECT_EQ(emu({"down", "nobody"}).status, 2);
  EXPECT_EQ(emu({"down", "--all"}).status, 0);
  EXPECT_EQ(emu({"--help"}).status, 0);
  EXPECT_THAT(emu({"--version"}).out, HasSubstr("geomx-emu "));
}

TEST_P(Lab, HelpHasExamplesOfTheCommandItself) {
  for (const std::string command :
       {"up", "down", "list", "inspect", "exec", "shell", "watch", "capture", "convert", "check", "plan"}) {
    const std::string help = emu({command, "--help"}).out;
    const std::size_t examples = help.find("Examples:");
    ASSERT_NE(examples, std::string::npos) << help;
    EXPECT_THAT(help.substr(examples), HasSubstr("geomx-emu " + command + " ")) << help;
    EXPECT_EQ(help.find("Exit codes:"), std::string::npos) << "the examples of all commands: " << help;
  }
  EXPECT_THAT(emu({"--help"}).out, HasSubstr("geomx-emu run scenarios/three-dc.json"));
}

TEST_P(Lab, PlanAndDoctorAnswerInJson) {
  const auto plan = nlohmann::json::parse(emu({"plan", "play.json", "--json", "--shaper", "wire"}).out);
  EXPECT_THAT(plan["nodes"], SizeIs(9));
  for (const auto& link : plan["links"]) {
    EXPECT_EQ(link["shaper"], link["scope"] == "wan" ? "wire" : "none") << link["name"];
  }
  const Result doctor = emu({"doctor", "--json"});
  EXPECT_EQ(doctor.status, 0) << doctor.out;
  EXPECT_EQ(nlohmann::json::parse(doctor.out)["fit"], true);
}

// What doctor promises for a kind of link is what a scenario with such a link gets.
TEST_P(Lab, DoctorAndPlanNameTheSameShapers) {
  const std::map<std::string, nlohmann::json> asked{
      {"rate", {{"rate", "100Mbit"}}},
      {"delay", {{"delay", "30ms"}}},
      {"rate and delay", {{"rate", "100Mbit"}, {"delay", "30ms"}}},
      {"rate, delay and jitter", {{"rate", "100Mbit"}, {"delay", "30ms"}, {"jitter", "1ms"}}},
      {"loss", {{"loss", "1%"}}},
      {"loss from a seed", {{"loss", "1%"}}}};
  std::size_t compared = 0;
  const auto doctor = nlohmann::json::parse(emu({"doctor", "--json"}).out);
  for (const auto& finding : doctor["findings"]) {
    const std::string what = finding["what"];
    if (!what.starts_with("link with ")) continue;
    nlohmann::json scenario = nlohmann::json::parse(
        R"({"version": 1, "name": "one", "topology": {"nodes": [{"name": "a"}, {"name": "b"}], "links": []}})");
    nlohmann::json link = asked.at(what.substr(10));
    link["ends"] = {"a", "b"};
    scenario["topology"]["links"].push_back(link);
    if (what.ends_with("seed")) scenario["seed"] = 7;
    std::ofstream(scratch_.path() / "one.json") << scenario;
    const Result plan = emu({"plan", "one.json", "--json"});
    ASSERT_EQ(plan.status, 0) << what << ": " << plan.err;
    EXPECT_EQ(finding["found"], nlohmann::json::parse(plan.out)["links"][0]["shaper"]) << what;
    ++compared;
  }
  EXPECT_EQ(compared, asked.size());
}

}  // namespace
}  // namespace geomx::test

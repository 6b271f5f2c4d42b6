// Scenarios that nobody has written by hand: generated, or converted from another emulator's file. Each is brought up,
// and its hosts reach each other in the time that the links' delays say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "tests/e2e/lab_fixture.h"

namespace geomx::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Topologies : public Lab {
 protected:
  // The least round trip of a few pings in the lab "made", in ms; negative: no answer.
  double round_trip(const std::string& from, const std::string& to) const {
    const Result ping = emu({"exec", "made", from, "--", "ping", "-c", "3", "-i", "0.05", "-w", "10", to});
    EXPECT_EQ(ping.status, 0) << from << " -> " << to << ": " << ping.out << ping.err;
    std::smatch match;
    return std::regex_search(ping.out, match, std::regex("= ([0-9.]+)/")) ? std::stod(match[1]) : -1;
  }
  void expect_round_trip(const std::string& from, const std::string& to, double expected) const {
    const double measured = round_trip(from, to);
    EXPECT_GE(measured, expected) << from << " -> " << to;
    EXPECT_LE(measured, expected + 3) << from << " -> " << to;  // a busy machine's timers are late
  }
  // Brings the file up as "made".
  void bring_up_file(const std::string& file) const {
    EXPECT_EQ(emu({"check", file}).status, 0);
    const Result up = emu({"up", file, "--detach", "--name", "made"});
    ASSERT_EQ(up.status, 0) << up.err;
  }
  std::string golden(const std::string& name) const {
    return source("tests/golden/interchange/import/" + name).string();
  }
};

INSTANTIATE_TEST_SUITE_P(As, Topologies, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "OrdinaryUser" : "Root"; });

TEST_P(Topologies, EveryKindThatIsGeneratedComesUpAndCarriesPackets) {
  struct Kind {
    std::vector<std::string> arguments;
    std::string from;
    std::string to;
    double links;  // of 2 ms one way, on the path
  };
  const std::vector<Kind> kinds{
      {{"star", "--hosts", "4"}, "h1", "h4", 2},
      {{"linear", "--hosts", "4"}, "dc1-host-0", "dc4-host-0", 3},
      {{"ring", "--hosts", "5"}, "dc1-host-0", "dc5-host-0", 1},
      {{"mesh", "--hosts", "6", "--sites", "3"}, "dc1-host-1", "dc3-host-1", 1},
      {{"tree", "--hosts", "8"}, "h1", "h8", 6},
      {{"fat-tree", "--hosts", "16"}, "h1", "h16", 6},
      {{"waxman", "--hosts", "2"}, "dc1-host-0", "dc2-host-0", 1},
      {{"random", "--hosts", "2", "--seed", "9"}, "dc1-host-0", "dc2-host-0", 1},
  };
  for (const Kind& kind : kinds) {
    SCOPED_TRACE(kind.arguments[0]);
    std::vector<std::string> arguments{"generate"};
    arguments.insert(arguments.end(), kind.arguments.begin(), kind.arguments.end());
    arguments.insert(arguments.end(), {"--rate", "100Mbit", "--delay", "2ms", "-o", "made.json"});
    const Result generated = emu(arguments);
    ASSERT_EQ(generated.status, 0) << generated.err;
    EXPECT_THAT(generated.out, IsEmpty());
    bring_up_file("made.json");
    expect_round_trip(kind.from, kind.to, 2 * 2 * kind.links);
    ASSERT_EQ(emu({"down", "made"}).status, 0);
  }
}

TEST_P(Topologies, ARealNetworkHasTheDelaysOfItsDistances) {
  std::ofstream(scratch_.path() / "made.json") << emu({"generate", "wan", "--rate", "100Mbit"}).out;
  bring_up_file("made.json");
  // Seattle to Sunnyvale: 1136 km, 5.68 ms of light in fibre.
  expect_round_trip("seattle-host-0", "sunnyvale-host-0", 2 * 5.6);
  EXPECT_GT(round_trip("seattle-host-0", "washington-host-0"), 2 * 17.0);
}

TEST_P(Topologies, WhatCannotBeGeneratedIsBadInput) {
  EXPECT_EQ(emu({"generate"}).status, 2);
  EXPECT_EQ(emu({"generate", "star"}).status, 2);
  EXPECT_EQ(emu({"generate", "star", "--hosts", "2000"}).status, 2);
  EXPECT_EQ(emu({"generate", "wan", "--map", "nowhere"}).status, 2);
  const Result unit = emu({"generate", "ring", "--hosts", "3", "--rate", "10"});
  EXPECT_EQ(unit.status, 2);
  EXPECT_THAT(unit.err, HasSubstr("--rate: rate \"10\" has no unit"));
  EXPECT_EQ(emu({"generate", "ring", "--hosts", "3", "--name", "No Name"}).status, 2);
}

TEST_P(Topologies, AContainerlabTopologyComesUp) {
  const Result converted = emu({"convert", golden("01-clos.clab.yml"), "-o", "made.json"});
  ASSERT_EQ(converted.status, 0) << converted.err;
  EXPECT_THAT(converted.err, HasSubstr("clab.yml:20:7: node client1: exec is not converted"));
  bring_up_file("made.json");
  expect_round_trip("client1", "client2", 0);
}

TEST_P(Topologies, AMininetTopologyComesUp) {
  const Result converted = emu({"convert", golden("21-campus.mn"), "-o", "made.json"});
  ASSERT_EQ(converted.status, 0) << converted.err;
  EXPECT_THAT(converted.err, HasSubstr("/controllers/0: controllers are not converted"));
  bring_up_file("made.json");
  const double measured = round_trip("h1", "h2");  // 5 ms +- 1 ms each way
  EXPECT_GE(measured, 8);
  EXPECT_LE(measured, 15);
}

TEST_P(Topologies, AScenarioBecomesAPictureOrAnotherEmulatorsFile) {
  const std::string scenario = source("scenarios/three-dc.json");
  const Result mermaid = emu({"convert", scenario, "--to", "mermaid"});
  EXPECT_EQ(mermaid.status, 0);
  EXPECT_THAT(mermaid.out, StartsWith("graph LR\n"));
  EXPECT_THAT(mermaid.err, IsEmpty());
  const Result containerlab = emu({"convert", scenario, "--to", "containerlab", "-o", "lab.clab.yml"});
  EXPECT_EQ(containerlab.status, 0);
  EXPECT_THAT(containerlab.err, AllOf(HasSubstr("/training"), HasSubstr("containerlab tools netem set")));
  EXPECT_EQ(emu({"convert", "lab.clab.yml", "-o", "made.json"}).status, 0);
  bring_up_file("made.json");
  EXPECT_GT(round_trip("a-worker-0", "b-worker-0"), 0);

  const Result compose = emu({"convert", scenario, "--to", "compose"});
  EXPECT_EQ(compose.status, 2);
  EXPECT_THAT(compose.err, HasSubstr("not supported yet"));
  EXPECT_EQ(emu({"convert", "missing.yml"}).status, 2);
  EXPECT_EQ(emu({"convert", scenario, "--from", "containerlab"}).status, 2);
  EXPECT_EQ(emu({"convert", scenario, "-o", "/no/such/folder/x"}).status, 1);
}

TEST_P(Topologies, GraphvizReadsWhatIsWrittenForIt) {
  if (std::system("command -v dot >/dev/null") != 0) GTEST_SKIP() << "SKIPPED: dot is not installed";
  ASSERT_EQ(emu({"convert", source("scenarios/three-dc.json"), "--to", "dot", "-o", "lab.dot"}).status, 0);
  Command dot({{"dot", "-Tplain", "lab.dot"}, scratch_.path()});
  EXPECT_EQ(dot.wait(kPatience), 0) << dot.err();
  EXPECT_THAT(dot.out(), EndsWith("stop\n"));
}

}  // namespace
}  // namespace geomx::test

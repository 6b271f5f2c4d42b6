// Looking into a lab that runs: watch, capture, shell and tab completion, with real traffic.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>

#include "tests/e2e/lab_fixture.h"

namespace geomx::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;
using nlohmann::json;

bool installed(const char* program) {
  return std::system((std::string("command -v ") + program + " >/dev/null").c_str()) == 0;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

json link_of(const json& line, const std::string& name) {
  for (const json& link : line["links"]) {
    if (link["name"] == name) return link;
  }
  return {};
}

class Seeing : public Lab {
 protected:
  // Frames of a capture file, as tcpdump reads them.
  std::vector<std::string> tcpdump(const std::string& file) const {
    Command command({{"tcpdump", "-n", "-r", (scratch_.path() / file).string()}, scratch_.path()});
    EXPECT_EQ(command.wait(kPatience), 0) << command.err();
    return lines_of(command.out());
  }
  // Starts it and returns once frames are recorded.
  std::unique_ptr<Command> capturing(std::vector<std::string> arguments) const {
    auto command = std::make_unique<Command>(invocation(std::move(arguments)));
    EXPECT_TRUE(eventually(kPatience, [&] { return command->err().find("capturing at") != std::string::npos; }))
        << command->err();
    return command;
  }
  Result bash(const std::string& script) const {
    Invocation shell = invocation({});
    shell.argv = {"bash", "--norc", "-c", script};
    shell.environment["PATH"] = binary("").string() + ":/usr/bin:/bin:/usr/sbin:/sbin";
    return ended(shell);
  }
};

INSTANTIATE_TEST_SUITE_P(As, Seeing, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "OrdinaryUser" : "Root"; });

TEST_P(Seeing, WatchShowsWhatPassesAndEndsWithTheLab) {
  bring_up();
  Command watch(invocation({"watch", "play", "--json", "--interval", "200ms"}));
  ASSERT_TRUE(eventually(kPatience, [&] { return !watch.out().empty(); })) << watch.err();
  // 20 echo requests of 1042 bytes, and the replies.
  const Result ping = exec("a-host-0", {"ping", "-q", "-c", "20", "-i", "0.02", "-s", "1000", "b-host-0"});
  ASSERT_EQ(ping.status, 0) << ping.out;
  ASSERT_TRUE(eventually(kPatience, [&] {
    // Behind the last line with traffic, one without.
    const std::vector<std::string> lines = lines_of(watch.out());
    double passed = 0;
    for (const std::string& line : lines) {
      const json link = link_of(json::parse(line), "wan-a");
      passed += link["backward"]["packets_per_second"].get<double>() * json::parse(line)["seconds"].get<double>();
    }
    return passed > 19.5;
  }));
  double bits = 0;
  double highest = 0;
  for (const std::string& text : lines_of(watch.out())) {
    const json line = json::parse(text);
    const json forward = link_of(line, "wan-a")["forward"];
    bits += forward["bits_per_second"].get<double>() * line["seconds"].get<double>();
    highest = std::max(highest, forward["utilisation"].get<double>());
    EXPECT_EQ(forward["limit_bits_per_second"], 100'000'000);
    EXPECT_EQ(forward["dropped_queue"], 0);
  }
  EXPECT_NEAR(bits, 20 * 1042 * 8, 1);
  EXPECT_GT(highest, 0.0);
  EXPECT_LT(highest, 0.1);
  const json last = link_of(json::parse(lines_of(watch.out()).back()), "wan-a");
  if (last["rtt_ms"].is_number()) {  // the wire measures it, kernel tc does not
    EXPECT_NEAR(last["rtt_ms"].get<double>(), 40, 5);
  }

  ASSERT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_EQ(watch.wait(10s), 0) << watch.err();
  EXPECT_THAT(watch.err(), HasSubstr("play: the lab has ended"));
}

TEST_P(Seeing, WatchIsATableForPeople) {
  bring_up();
  const Result table = emu({"watch", "play", "--interval", "50ms", "--count", "2"});
  EXPECT_EQ(table.status, 0) << table.err;
  EXPECT_THAT(table.out, AllOf(HasSubstr("central->a"), HasSubstr("100Mbit"), HasSubstr("6 LAN links are not shown")));
  EXPECT_THAT(table.out, Not(HasSubstr("\033"))) << "this is no terminal";
  Command endless(invocation({"watch", "play", "--interval", "50ms"}));
  ASSERT_TRUE(eventually(kPatience, [&] { return !endless.out().empty(); }));
  endless.signal(SIGINT);
  EXPECT_EQ(endless.wait(10s), 0);
  EXPECT_EQ(emu({"watch", "play", "--interval", "1"}).status, 2);
  EXPECT_EQ(emu({"watch", "play", "--interval", "1ms"}).status, 2);
  EXPECT_EQ(emu({"watch", "nobody"}).status, 2);
}

TEST_P(Seeing, CaptureOfALinkHasItsFramesAndNoOthers) {
  if (!installed("tcpdump")) GTEST_SKIP() << "SKIPPED: tcpdump is not installed";
  bring_up();
  const auto capture = capturing({"capture", "play", "wan-a", "--filter", "icmp", "-o", "link.pcap"});
  const auto other = capturing(
      {"capture", "play", "wan-a", "--at", "a", "--filter", "icmp[icmptype] == icmp-echoreply", "-o", "replies.pcap"});
  ASSERT_EQ(exec("a-host-0", {"ping", "-q", "-c", "3", "-i", "0.05", "b-host-0"}).status, 0);
  ASSERT_EQ(exec("central-gateway", {"ping", "-q", "-c", "1", "b-gateway"}).status, 0);  // over wan-b
  for (const auto& each : {capture.get(), other.get()}) {
    each->signal(SIGINT);
    EXPECT_EQ(each->wait(10s), 0) << each->err();
  }
  EXPECT_THAT(capture->err(), AllOf(HasSubstr("interrupted: 6 frames"), HasSubstr("0 lost")));
  const std::vector<std::string> frames = tcpdump("link.pcap");
  ASSERT_EQ(frames.size(), 6u);
  EXPECT_THAT(frames[0], HasSubstr("ICMP echo request"));
  const std::vector<std::string> replies = tcpdump("replies.pcap");
  ASSERT_EQ(replies.size(), 3u);
  for (const std::string& frame : replies) EXPECT_THAT(frame, HasSubstr("ICMP echo reply"));
}

TEST_P(Seeing, CaptureOfANodeHasAllItsInterfacesWithinItsBounds) {
  if (!installed("tcpdump")) GTEST_SKIP() << "SKIPPED: tcpdump is not installed";
  bring_up();
  // A router sees each packet twice; loopback frames are there once.
  const auto gateway = capturing({"capture", "play", "a-gateway", "--filter", "icmp", "-o", "gateway.pcap"});
  const auto bounded = capturing({"capture", "play", "a-host-0", "--max-size", "500B", "-o", "bounded.pcap"});
  ASSERT_EQ(exec("a-host-0", {"ping", "-q", "-c", "3", "-i", "0.05", "b-host-0"}).status, 0);
  ASSERT_EQ(exec("a-gateway", {"ping", "-q", "-c", "1", "127.0.0.1"}).status, 0);
  EXPECT_EQ(bounded->wait(10s), 0);
  EXPECT_THAT(bounded->err(), HasSubstr("as large as it may be"));
  gateway->signal(SIGTERM);
  EXPECT_EQ(gateway->wait(10s), 0);
  EXPECT_EQ(tcpdump("gateway.pcap").size(), 3u * 2 * 2 + 2);
  EXPECT_EQ(std::filesystem::file_size(scratch_.path() / "bounded.pcap"), 24u + 4 * (16 + 98));
  EXPECT_EQ(tcpdump("bounded.pcap").size(), 4u);

  const Result timed = emu({"capture", "play", "a-host-0", "-i", "lo", "--duration", "50ms", "-o", "none.pcap"});
  EXPECT_EQ(timed.status, 0);
  EXPECT_THAT(timed.err, HasSubstr("the time is up: 0 frames"));
  EXPECT_THAT(tcpdump("none.pcap"), IsEmpty());
}

TEST_P(Seeing, ACaptureEndsWithItsLabAndKeepsNothingOfIt) {
  bring_up();
  const auto capture = capturing({"capture", "play", "wan-b"});
  ASSERT_EQ(exec("b-host-0", {"ping", "-q", "-c", "1", "central"}).status, 0);
  ASSERT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_EQ(capture->wait(10s), 0);
  EXPECT_THAT(capture->err(), HasSubstr("the lab has ended: 2 frames"));
  EXPECT_EQ(capture->out().size(), 24u + 2 * (16 + 98)) << "standard output, in a pipe's place";
}

TEST_P(Seeing, WhatCannotBeCapturedIsSaidBeforeAFileIsMade) {
  bring_up();
  const auto refused = [&](std::vector<std::string> arguments, const std::string& why) {
    arguments.insert(arguments.begin(), {"capture", "play"});
    arguments.insert(arguments.end(), {"-o", "refused.pcap"});
    const Result result = emu(arguments);
    EXPECT_EQ(result.status, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(why));
  };
  refused({"wan-c"}, "wan-");
  refused({"wan-a", "--at", "b"}, "it joins central-gateway and a-gateway");
  refused({"wan-a", "--interface", "eth0"}, "--at");
  refused({"a-host-0", "--interface", "eth7"}, "no interface \"eth7\"");
  refused({"wan-a", "--filter", "tcp prot 5"}, "tcpdump");
  refused({"wan-a", "--max-size", "10"}, "--max-size");
  EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "refused.pcap"));
}

TEST_P(Seeing, ShellReadsCommandsAndReturnsTheirCode) {
  bring_up();
  const Result result = bash("echo 'hostname; exit 5' | geomx-emu shell play a-host-1");
  EXPECT_EQ(result.out, "a-host-1\n");
  EXPECT_EQ(result.status, 5) << result.err;
  EXPECT_EQ(bash("echo 'echo $0' | SHELL=/no/such/shell geomx-emu shell play a-host-1").out, "/bin/sh\n");
  EXPECT_EQ(emu({"shell", "play", "a-hots-0"}).status, 2);
}

// In a terminal, as script(1) makes one: the shell is interactive.
TEST_P(Seeing, ShellHasATerminal) {
  if (!installed("script")) GTEST_SKIP() << "SKIPPED: script(1) is not installed";
  bring_up();
  const Result result = bash(
      "printf 'tty; stty size; hostname\\nexit 3\\n' | "
      "SHELL=/bin/sh script -qec 'stty rows 33 cols 77; geomx-emu shell play a-host-1' /dev/null");
  EXPECT_EQ(result.status, 3) << result.out << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("/dev/pts/"), HasSubstr("33 77"), HasSubstr("a-host-1")));
}

// bash's own machinery: the function that `complete` registered, called as readline calls it.
TEST_P(Seeing, BashCompletesCommandsLabsNodesAndLinks) {
  bring_up();
  const auto complete = [&](const std::string& words) {
    const Result result =
        bash("source <(geomx-emu completion bash) && complete -p geomx-emu >&2 && COMP_WORDS=(geomx-emu " + words +
             ") && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _geomx_emu && printf '%s\\n' \"${COMPREPLY[@]}\"");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("complete -F _geomx_emu geomx-emu"));
    return lines_of(result.out);
  };
  EXPECT_THAT(complete("wa"), ElementsAre("watch"));
  EXPECT_THAT(complete("exec ''"), ElementsAre("play"));
  EXPECT_THAT(complete("exec play a-h"), ElementsAre("a-host-0", "a-host-1"));
  EXPECT_THAT(complete("capture play wan"), ElementsAre("wan-a", "wan-b"));
  EXPECT_THAT(complete("up pla"), ElementsAre("play.json"));
  EXPECT_THAT(complete("up play.json --shaper t"), ElementsAre("tc"));
  EXPECT_THAT(complete("exec nobody ''"), ElementsAre("")) << "printf's one empty line: nothing to offer";
}

// zsh's completion works within its line editor alone: here it is told what compadd was given.
TEST_P(Seeing, ZshCompletesThem) {
  if (!installed("zsh")) GTEST_SKIP() << "SKIPPED: zsh is not installed";
  bring_up();
  std::ofstream(scratch_.path() / "ask.zsh") << R"(
compdef() { echo "registered $*" }
compadd() { shift; print -l -- "$@" }
_files() { echo files }
source <(geomx-emu completion zsh)
words=(geomx-emu "$@")
CURRENT=$#words
_geomx_emu
)";
  const auto complete = [&](const std::string& words) {
    const Result result = bash("zsh -f ask.zsh " + words);
    EXPECT_EQ(result.status, 0) << result.err;
    return lines_of(result.out);
  };
  const std::string registered = "registered _geomx_emu geomx-emu";
  EXPECT_THAT(complete("exec play a-h"), ElementsAre(registered, "a-host-0", "a-host-1"));
  EXPECT_THAT(complete("capture play ''"), ::testing::Contains("wan-a"));
  EXPECT_THAT(complete("up ''"), ElementsAre(registered, "files"));
  EXPECT_THAT(complete("exec nobody ''"), ElementsAre(registered));
}

}  // namespace
}  // namespace geomx::test

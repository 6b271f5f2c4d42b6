// The ends of labs: whoever asks for one, from wherever, and whatever hangs or has been killed meanwhile.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "emulator/control/channel.h"
#include "emulator/control/control.pb.h"
#include "emulator/control/lab_socket.h"
#include "tests/e2e/lab_fixture.h"

namespace geomx::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using namespace std::chrono_literals;

// Three hundred nodes come up slowly enough to be interrupted at it.
std::string large_scenario() {
  return R"({"version": 1, "name": "play", "topology": {"datacenters": [{"name": "a", "hosts": 300}]}})";
}

class LabEnd : public Lab {
 protected:
  // Whoever was started for this test knows its folder.
  std::vector<std::string> left() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      if (read_file(entry.path() / "environ").find(runtime().string()) == std::string::npos) continue;
      found.push_back(name + " " + read_file(entry.path() / "comm"));
    }
    return found;
  }

  // The lab process: init's child.
  pid_t lab_process() const {
    const pid_t init = lab_pid();
    for (const ProcessInfo& process : process_tree(init)) {
      if (process.parent == init) return process.pid;
    }
    return -1;
  }

  // In a pid namespace of its own, from which the lab's processes are not to be seen.
  Result emu_out_of_sight(std::vector<std::string> arguments) const {
    Invocation hidden = invocation(std::move(arguments));
    hidden.argv.insert(hidden.argv.begin(), {"unshare", "--map-root-user", "--pid", "--fork", "--mount-proc"});
    return ended(hidden);
  }
};

INSTANTIATE_TEST_SUITE_P(As, LabEnd, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "OrdinaryUser" : "Root"; });

TEST_P(LabEnd, ByACommandInOneOfItsNodes) {
  bring_up();
  const Result down = exec("a-host-0", {binary("geomx-emu").string(), "down", "play"});
  EXPECT_THAT(down.err, Not(HasSubstr("down"))) << "the command failed rather than ended with its lab";
  EXPECT_TRUE(eventually(5s, [&] { return left().empty(); })) << ::testing::PrintToString(left());
  EXPECT_THAT(nlohmann::json::parse(emu({"list", "--json"}).out), IsEmpty());
}

TEST_P(LabEnd, FromAnotherPidNamespace) {
  bring_up();
  EXPECT_EQ(nlohmann::json::parse(emu_out_of_sight({"list", "--json"}).out)[0]["pid"], 0);
  const Result down = emu_out_of_sight({"down", "play"});
  EXPECT_EQ(down.status, 0) << down.err;
  EXPECT_THAT(down.out, HasSubstr("play is down"));
  EXPECT_TRUE(eventually(5s, [&] { return left().empty(); })) << ::testing::PrintToString(left());
}

TEST_P(LabEnd, OfOneThatHangs) {
  bring_up();
  ASSERT_EQ(::kill(lab_process(), SIGSTOP), 0);
  const std::vector<ProcessInfo> tree = process_tree(lab_pid());
  const auto start = std::chrono::steady_clock::now();
  const Result down = emu({"down", "play"});
  EXPECT_EQ(down.status, 0) << down.err;
  EXPECT_LT(std::chrono::steady_clock::now() - start, 15s);
  for (const ProcessInfo& process : tree) EXPECT_FALSE(alive(process)) << process.command;
  EXPECT_THAT(nlohmann::json::parse(emu({"list", "--json"}).out), IsEmpty());
}

TEST_P(LabEnd, OneThatCannotBeEndedDoesNotKeepTheOthers) {
  bring_up();
  ASSERT_EQ(::kill(lab_process(), SIGSTOP), 0);
  const Result other = emu({"up", "play.json", "--detach", "--name", "the-other"});
  ASSERT_EQ(other.status, 0) << other.err;
  // From where it is not to be seen, a lab that hangs cannot be killed.
  const Result down = emu_out_of_sight({"down", "--all"});
  EXPECT_EQ(down.status, 1);
  EXPECT_THAT(down.err, HasSubstr("geomx-emu: play: the lab does not answer"));
  EXPECT_THAT(down.out, HasSubstr("the-other is down"));
  const auto labs = nlohmann::json::parse(emu({"list", "--json"}).out);
  ASSERT_THAT(labs, SizeIs(1));
  EXPECT_EQ(labs[0]["name"], "play");
}

TEST_P(LabEnd, ItsStarterIsToldHow) {
  const auto start = [&](Command& up) {
    return eventually(kPatience, [&] { return up.out().find("Ctrl-C") != std::string::npos; });
  };
  {
    Command up(invocation({"up", "play.json"}));
    ASSERT_TRUE(start(up)) << up.err();
    EXPECT_EQ(emu({"down", "play"}).status, 0);
    EXPECT_EQ(up.wait(10s), 0);
    EXPECT_THAT(up.out(), HasSubstr("has been ended by 'geomx-emu down'"));
  }
  Command up(invocation({"up", "play.json"}));
  ASSERT_TRUE(start(up)) << up.err();
  ASSERT_EQ(::kill(lab_process(), SIGKILL), 0);
  EXPECT_EQ(up.wait(10s), 1);
  EXPECT_THAT(up.err(), HasSubstr("the lab process has been killed"));
}

TEST_P(LabEnd, CtrlCWhileItComesUp) {
  std::ofstream(scratch_.path() / "large.json") << large_scenario();
  for (const bool detach : {false, true}) {
    Invocation large = invocation({"up", "large.json"});
    if (detach) large.argv.emplace_back("--detach");
    Command up(large);
    ASSERT_TRUE(eventually(10s, [&] { return std::filesystem::exists(lab_folder() / "lab.json"); })) << up.err();
    up.signal(SIGINT);
    EXPECT_EQ(up.wait(5s), 1) << up.out();
    EXPECT_THAT(up.err(), HasSubstr("stopped before the lab was ready"));
    EXPECT_THAT(left(), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(lab_folder()));
  }
}

TEST_P(LabEnd, WhenTheStarterIsKilledAtAnyMomentADetachedOneIsFoundAndEnded) {
  int found = 0;
  for (int moment = 0; moment < 20; ++moment) {
    {
      Command up(invocation({"up", "play.json", "--detach"}));
      up.wait(std::chrono::milliseconds(5 * moment));
      up.signal(SIGKILL);
      ASSERT_TRUE(up.wait(10s).has_value());
    }
    const std::string before = ::testing::PrintToString(left());
    found += left().empty() ? 0 : 1;
    EXPECT_TRUE(eventually(20s,
                           [&] {
                             return emu({"down", "--all"}).status == 0 && left().empty();
                           }))
        << "killed after " << 5 * moment << " ms; " << before << " -> " << ::testing::PrintToString(left());
    EXPECT_FALSE(std::filesystem::exists(lab_folder())) << 5 * moment;
  }
  EXPECT_GT(found, 0) << "no starter was killed when there was a lab";
}

// What only a client of the lab's own user may do, and the tests' user is root.
class LabServer : public LabEnd {
 protected:
  control::Channel connect() const { return control::Channel(control::connect_socket(lab_folder())); }

  // User and system time of a process, in clock ticks.
  static long ticks(pid_t pid) {
    const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string field;
    for (int skipped = 0; skipped < 11; ++skipped) fields >> field;
    long user = 0;
    long system = 0;
    fields >> user >> system;
    return user + system;
  }
};

INSTANTIATE_TEST_SUITE_P(As, LabServer, ::testing::Values(false), [](const auto&) { return "Root"; });

TEST_P(LabServer, AnswersWhatItDoesNotUnderstand) {
  bring_up();
  control::Channel channel = connect();
  const std::string body = "\x0a\x03\x0a\x7f\x01";  // a Spawn whose node is longer than the request
  const std::string frame = std::string("\0\0\0", 3) + static_cast<char>(body.size()) + body;
  ASSERT_EQ(::write(channel.fd(), frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  std::optional<std::string> answer;
  ASSERT_TRUE(eventually(5s, [&] { return channel.receive() && (answer = channel.next()).has_value(); }));
  control::wire::Answer read;
  ASSERT_TRUE(read.ParseFromString(*answer));
  EXPECT_THAT(read.failure().what(), HasSubstr("does not understand"));
  EXPECT_EQ(exec("a-host-0", {"true"}).status, 0);
}

TEST_P(LabServer, WithoutDescriptorsClientsWaitAndTheLabDoesNotSpin) {
  Invocation up = invocation({"up", "play.json", "--detach"});
  up.in_child = [] {
    const rlimit few{128, 128};
    ::setrlimit(RLIMIT_NOFILE, &few);
  };
  ASSERT_EQ(ended(up).status, 0);
  const pid_t lab = lab_process();
  {
    std::vector<FileDescriptor> clients;
    for (int i = 0; i < 500; ++i) clients.push_back(control::connect_socket(lab_folder()));
    Command waiting(invocation({"exec", "play", "a-host-0", "--", "true"}));
    const long before = ticks(lab);
    EXPECT_EQ(waiting.wait(2s), std::nullopt) << "was answered, although no descriptor can be left";
    EXPECT_EQ(emu({"list", "--json"}).status, 0);
    const Result link = emu({"link", "play", "wan-a"});
    EXPECT_EQ(link.status, 0) << "needs no descriptor of the lab's: " << link.err;
    EXPECT_LT(ticks(lab) - before, ::sysconf(_SC_CLK_TCK)) << "half of a processor, waiting";
    clients.clear();
    EXPECT_EQ(waiting.wait(10s), 0) << waiting.err();
  }
  EXPECT_EQ(exec("a-host-0", {"true"}).status, 0);
}

}  // namespace
}  // namespace geomx::test

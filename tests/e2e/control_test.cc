// A lab's control as its clients have it: many at once, some of them badly behaved, and from outside the machine.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/control/client.h"
#include "tests/e2e/lab_fixture.h"

namespace geomx::test {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class Control : public Lab {
 protected:
  pid_t lab_process() const {
    const pid_t init = lab_pid();
    for (const ProcessInfo& process : process_tree(init)) {
      if (process.parent == init) return process.pid;
    }
    return -1;
  }
  static std::size_t resident(pid_t pid) {
    std::istringstream statm(read_file("/proc/" + std::to_string(pid) + "/statm"));
    std::size_t pages = 0;
    statm >> pages >> pages;
    return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  }
  static std::size_t descriptors(pid_t pid) {
    const std::filesystem::directory_iterator files("/proc/" + std::to_string(pid) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }
};

INSTANTIATE_TEST_SUITE_P(As, Control, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "OrdinaryUser" : "Root"; });

// The tests' user is root, whom an ordinary user's lab lets in by the request socket alone.
class ManyClients : public Control {
 protected:
  void SetUp() override {
    Control::SetUp();
    ::setenv("GEOMX_EMU_RUNTIME_DIR", runtime().c_str(), 1);
  }
  void TearDown() override {
    Control::TearDown();
    ::unsetenv("GEOMX_EMU_RUNTIME_DIR");
  }
};

INSTANTIATE_TEST_SUITE_P(As, ManyClients, ::testing::Values(false), [](const auto&) { return "Root"; });

TEST_P(ManyClients, TwentyAtOnceSomeKilledOneThatNeverReads) {
  bring_up();
  const pid_t lab = lab_process();
  std::optional<control::Client> silent = control::Client::connect("play");
  silent->subscribe(10ms);
  const std::size_t descriptors_before = descriptors(lab);
  const std::size_t memory_before = resident(lab);

  // Nine programs, six of which are killed in the middle of what they do.
  std::vector<std::unique_ptr<Command>> programs;
  for (int i = 0; i < 3; ++i) {
    programs.push_back(std::make_unique<Command>(invocation({"watch", "play", "--json", "--interval", "20ms"})));
    programs.push_back(std::make_unique<Command>(invocation({"exec", "play", "a-host-0", "--", "sleep", "100"})));
    programs.push_back(
        std::make_unique<Command>(invocation({"watch", "play", "--json", "--interval", "20ms", "--count", "100"})));
  }
  // Ten threads of this one.
  constexpr auto duration = 3s;
  const auto end = std::chrono::steady_clock::now() + duration;
  std::atomic<int> done{0};
  std::atomic<int> events{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < 10; ++number) {
    threads.emplace_back([&, number] {
      try {
        control::Client client = control::Client::connect("play");
        const std::string link = number % 2 == 0 ? "wan-a" : "wan-b";
        if (number < 5) client.subscribe(20ms);
        for (int turn = 0; std::chrono::steady_clock::now() < end; ++turn) {
          EXPECT_EQ(client.counters().size(), 8u);
          client.change_link({.link = link, .assignments = {"rate=" + std::to_string(10 + turn % 50) + "Mbit"}});
          EXPECT_THROW(client.change_link({.link = "nowhere", .assignments = {"rate=1Mbit"}}), InputError);
          EXPECT_THAT(client.plan(), HasSubstr("a-host-0"));
          if (turn % 10 == 0) {
            EXPECT_THAT(client.inspect(), HasSubstr("wan-a"));
          }
          while (number < 5 && client.next_event(0ms)) ++events;
          done.fetch_add(1);
        }
        if (number < 5) {
          EXPECT_TRUE(client.next_sample(10s));
        }
      } catch (const std::exception& error) {
        ADD_FAILURE() << number << ": " << error.what();
      }
    });
  }
  EXPECT_TRUE(eventually(30s, [&] { return done.load() > 20; }));
  for (std::size_t i = 0; i < programs.size(); ++i) {
    if (i % 3 != 2) programs[i]->signal(SIGKILL);
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < programs.size(); ++i) {
    EXPECT_EQ(programs[i]->wait(kPatience), i % 3 == 2 ? 0 : 128 + SIGKILL) << programs[i]->err();
  }
  std::cout << done.load() << " rounds of requests, " << events.load() << " events received" << std::endl;
  EXPECT_GT(events.load(), 0);

  EXPECT_TRUE(eventually(10s, [&] { return descriptors(lab) <= descriptors_before; }))
      << descriptors_before << " -> " << descriptors(lab);
  EXPECT_LT(resident(lab), memory_before + (48u << 20));
  // The silent one has cost nobody else anything.
  EXPECT_EQ(control::Client::connect("play").counters().size(), 8u);
  silent.reset();
  EXPECT_EQ(exec("a-host-0", {"true"}).status, 0);
}

TEST_P(Control, OverTcpByThoseWhoHaveTheKey) {
  const Result up = emu({"up", "play.json", "--detach", "--listen", "tcp://127.0.0.1:0"});
  ASSERT_EQ(up.status, 0) << up.err;
  const std::string key = lab_folder() / "client.key";
  EXPECT_THAT(up.out, HasSubstr("listens for owners of " + key));
  struct stat status {};
  ASSERT_EQ(::stat(key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0600u);
  const auto control = nlohmann::json::parse(emu({"inspect", "play", "--json"}).out)["control"];
  const auto address = control["address"].get<std::string>();
  EXPECT_EQ(control["refused"], 0);

  const Result link = emu({"link", address, "wan-a", "rate=7Mbit", "--key", key});
  EXPECT_EQ(link.status, 0) << link.err;
  EXPECT_THAT(emu({"link", "play", "wan-a"}).out, HasSubstr("rate 7Mbit"));
  EXPECT_EQ(emu({"node", address, "b-host-0", "pause", "--key", key}).status, 0);
  EXPECT_THAT(emu({"inspect", address, "--key", key}).out, HasSubstr("all as planned"));
  EXPECT_THAT(emu({"apply", address, "play.json", "--key", key, "--dry-run"}).out, HasSubstr("7Mbit"));
  const Result watch = emu({"watch", address, "--key", key, "--json", "--count", "3", "--interval", "50ms"});
  EXPECT_EQ(watch.status, 0) << watch.err;
  EXPECT_EQ(std::count(watch.out.begin(), watch.out.end(), '\n'), 3);

  const Result exec = emu({"exec", address, "a-host-0", "--", "true"});
  EXPECT_EQ(exec.status, 2);
  EXPECT_THAT(exec.err, HasSubstr("cannot be done over TCP"));
  EXPECT_THAT(emu({"inspect", address}).err, HasSubstr("needs a key"));

  ASSERT_EQ(emu({"up", "play.json", "--detach", "--name", "other", "--listen", "tcp://127.0.0.1:0"}).status, 0);
  const Result wrong = emu({"inspect", address, "--key", runtime() / "geomx-emu" / "other" / "client.key"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("refuses this key"));
  EXPECT_GT(nlohmann::json::parse(emu({"inspect", "play", "--json"}).out)["control"]["refused"], 0);

  // A watcher elsewhere hears of the end.
  Command watching(invocation({"watch", address, "--key", key, "--json", "--interval", "50ms"}));
  ASSERT_TRUE(eventually(10s, [&] { return !watching.out().empty(); })) << watching.err();
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_EQ(watching.wait(15s), 0) << watching.err();
  EXPECT_THAT(watching.err(), HasSubstr("the lab has ended"));
  EXPECT_FALSE(std::filesystem::exists(key));
}

TEST_P(Control, BadAddressesAreSaid) {
  for (const char* address : {"127.0.0.1:7000", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:seven"}) {
    const Result up = emu({"up", "play.json", "--detach", "--listen", address});
    EXPECT_EQ(up.status, 2) << address;
    EXPECT_THAT(up.err, HasSubstr("--listen")) << address;
    EXPECT_FALSE(std::filesystem::exists(lab_folder()));
  }
  const Result elsewhere = emu({"up", "play.json", "--detach", "--listen", "tcp://192.0.2.1:7000"});
  EXPECT_EQ(elsewhere.status, 1);
  EXPECT_THAT(elsewhere.err, HasSubstr("tcp://192.0.2.1:7000"));
  EXPECT_FALSE(std::filesystem::exists(lab_folder()));
}

TEST_P(Control, ItsFolderIsItsUsersAlone) {
  bring_up();
  struct stat status {};
  ASSERT_EQ(::stat(lab_folder().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0700u);
  if (GetParam()) return;  // only root can become somebody else
  Invocation stranger = invocation({"link", "play", "wan-a"});
  stranger.unprivileged = true;
  const Result refused = ended(stranger);
  EXPECT_NE(refused.status, 0);
  EXPECT_THAT(refused.err, HasSubstr("geomx-emu: "));
  // Whatever a program would do: the kernel does not let them in.
  stranger.in_child = [folder = lab_folder().string()] { ::_exit(::chdir(folder.c_str()) == 0 ? 0 : errno); };
  EXPECT_EQ(ended(stranger).status, EACCES);
}

}  // namespace
}  // namespace geomx::test

// Labs at the limits of the machine: thousands of hosts come up, or a message names the limit and how to raise it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <sstream>

#include "tests/e2e/lab_fixture.h"

namespace geomx::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class Limits : public Lab {};

INSTANTIATE_TEST_SUITE_P(As, Limits, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "OrdinaryUser" : "Root"; });

// Root of a container may lack the capability.
bool may_raise_limits() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  ++limit.rlim_max;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : 1);
  int status = 0;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

TEST_P(Limits, TooFewOpenFilesAreRaisedOrNamed) {
  Invocation up = invocation({"up", "play.json", "--detach"});
  up.in_child = [] {
    const rlimit few{64, 64};
    ::setrlimit(RLIMIT_NOFILE, &few);
  };
  const Result result = ended(up);
  if (GetParam() || !may_raise_limits()) {
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, AllOf(HasSubstr("geomx-emu: play: a lab of 9 nodes and 8 links needs "),
                                  HasSubstr(" open files, and the limit is 64 (raise it, as root: prlimit --nofile=")));
    EXPECT_FALSE(std::filesystem::exists(lab_folder()));
  } else {
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(exec("a-host-0", {"sh", "-c", "test $(ulimit -n) -le 64"}).status, 0) << "the programs keep theirs";
  }
}

TEST_P(Limits, TooFewNamespacesAreNamed) {
  // A user namespace of its own has limits of its own.
  Invocation up = invocation({"up", "play.json", "--detach"});
  std::string command = "echo 5 > /proc/sys/user/max_net_namespaces && exec";
  for (const std::string& word : up.argv) command += " " + word;
  up.argv = {"unshare", "--user", "--map-root-user", "sh", "-c", command};
  const Result result = ended(up);
  EXPECT_EQ(result.status, 1) << result.out;
  EXPECT_THAT(result.err, AllOf(HasSubstr("create network namespace: No space left on device"),
                                HasSubstr("user.max_net_namespaces is 5: raise it, as root: sysctl -w ")));
  EXPECT_FALSE(std::filesystem::exists(lab_folder()));
}

double available_megabytes() {
  std::istringstream text(read_file("/proc/meminfo"));
  std::string word;
  while (text >> word && word != "MemAvailable:") continue;
  double kilobytes = 0;
  text >> kilobytes;
  return kilobytes / 1024;
}

class Thousands : public Lab {};

INSTANTIATE_TEST_SUITE_P(As, Thousands, ::testing::Values(false), [](const auto&) { return "Root"; });

// A bridge has 1024 ports at most: five data centers of 1000 hosts around one.
TEST_P(Thousands, FiveComeUpOrTheLimitIsNamed) {
  constexpr int kDatacenters = 5;
  constexpr int kHosts = 1000;
  nlohmann::json scenario{{"version", 1}, {"name", "play"}};
  scenario["topology"]["datacenters"].push_back({{"name", "hub"}});
  for (int i = 0; i < kDatacenters; ++i) {
    const std::string name = "d" + std::to_string(i);
    scenario["topology"]["datacenters"].push_back({{"name", name}, {"hosts", kHosts}});
    scenario["topology"]["links"].push_back({{"name", "w" + std::to_string(i)}, {"ends", {"hub", name}}});
  }
  std::ofstream(scratch_.path() / "play.json") << scenario;
  const double before = available_megabytes();
  Command up(invocation({"up", "play.json", "--detach"}));
  const auto start = std::chrono::steady_clock::now();
  const auto status = up.wait(15min);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ASSERT_TRUE(status);
  if (*status != 0) {
    EXPECT_THAT(up.err(), HasSubstr("raise it"));
    GTEST_SKIP() << "SKIPPED: this machine's limits: " << up.err();
  }
  const double per_host = (before - available_megabytes()) / (kDatacenters * kHosts);
  std::cout << up.out() << took.count() << " s in all, " << per_host << " MB of memory per host" << std::endl;
  EXPECT_LT(per_host, 0.5);
  EXPECT_EQ(exec("d0-host-999", {"ping", "-c", "1", "-W", "5", "d4-host-999"}).status, 0);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  std::cout << "down in " << std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() << " s"
            << std::endl;
}

}  // namespace
}  // namespace geomx::test

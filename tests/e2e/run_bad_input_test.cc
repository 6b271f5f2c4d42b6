#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "tests/e2e/emu.h"

// Every broken scenario of tests/golden through the real binary: the expected message, exit code 2, and no namespace
// ever created, which a system-call filter watches over.
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

// From here on, whatever makes or enters a namespace kills the process with SIGSYS. clone3 hides its flags in memory,
// where a filter cannot see them: it is refused as on an old kernel, and the C library falls back to clone.
void forbid_namespaces() {
  constexpr unsigned kNewNamespaces =
      CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kNewNamespaces, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
  };
  const sock_fprog filter{std::size(program), program};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    ::_exit(125);
  }
}

std::vector<fs::path> broken_scenarios() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(source("tests/golden/scenarios/bad"))) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(BadInput, TheFilterWouldSeeANamespace) {
  Scratch scratch;
  for (const char* type : {"--user", "--net", "--mount"}) {
    Command command({{"unshare", type, "true"}, scratch.path(), {}, false, forbid_namespaces});
    EXPECT_EQ(command.wait(seconds(10)), 128 + SIGSYS) << type;
  }
  Command command({{"sh", "-c", "true | cat"}, scratch.path(), {}, false, forbid_namespaces});
  EXPECT_EQ(command.wait(seconds(10)), 0) << command.err();
}

TEST(BadInput, EveryBrokenScenarioGivesItsMessageAndMakesNothing) {
  const std::vector<fs::path> files = broken_scenarios();
  ASSERT_GE(files.size(), 40u);
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.filename());
    Command command({{binary("geomx-emu").string(), "run", file.filename().string()},
                     file.parent_path(),
                     {},
                     false,
                     forbid_namespaces});
    EXPECT_EQ(command.wait(seconds(10)), 2);
    fs::path expected = file;
    expected.replace_extension(".expected");
    EXPECT_EQ(command.err(), read_file(expected));
    EXPECT_EQ(command.out(), "");
  }
  EXPECT_FALSE(fs::exists(source("tests/golden/scenarios/bad/runs")));
}

TEST(BadInput, AScenarioThatRunsNothingIsSaid) {
  Scratch scratch;
  Command command({{binary("geomx-emu").string(), "run", source("scenarios/playground.json").string()},
                   scratch.path(),
                   {},
                   false,
                   forbid_namespaces});
  EXPECT_EQ(command.wait(seconds(10)), 2);
  EXPECT_THAT(command.err(), testing::HasSubstr("neither \"training\" nor \"workload\""));
  EXPECT_FALSE(fs::exists(scratch.path() / "runs"));
}

}  // namespace
}  // namespace geomx::test

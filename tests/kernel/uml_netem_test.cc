#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "emulator/base/fd.h"
#include "emulator/sandbox/child_process.h"

// tc with netem, on a kernel that has it: Debian's user-mode Linux boots as an ordinary process and runs the link
// suite's statistics inside (loss, bursts, all else that chance does, delay, jitter, order, queue, and the goodput of a
// slow rate). No networking with the
// outside, no root.
namespace geomx {
namespace {

constexpr const char* kKernel = "/usr/bin/linux.uml";
constexpr auto kDeadline = std::chrono::seconds(100);

std::string binary(const std::string& name) {
  const char* directory = std::getenv("GEOMX_BIN");
  return std::string(directory == nullptr ? "." : directory) + "/" + name;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_((std::filesystem::temp_directory_path() / "uml-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Boots the kernel, runs the command in it and returns the console's output.
std::string boot(const std::string& test_binary, const std::string& filter) {
  const TemporaryDirectory directory;
  Pipe console = make_pipe();
  Pipe keyboard = make_pipe();
  sandbox::SpawnOptions options;
  options.node = "user-mode Linux";
  options.argv = {kKernel,
                  "mem=256M",
                  "rootfstype=hostfs",
                  "rootflags=/",
                  "ro",
                  "quiet",
                  "uml_dir=" + directory.path(),
                  "con=null",
                  "con0=null,fd:2",
                  "con1=fd:0,fd:1",
                  "GEOMX_SLOW_MACHINE=1",
                  "init=" + binary("uml_init"),
                  "--",
                  test_binary,
                  "--gtest_color=no",
                  "--gtest_filter=" + filter};
  options.environment = {"PATH=/usr/bin:/bin", "HOME=" + directory.path(), "TMPDIR=" + directory.path()};
  options.directory = directory.path();
  options.stdin_fd = keyboard.read.get();
  options.stdout_fd = console.write.get();
  options.stderr_fd = console.write.get();
  sandbox::ChildProcess kernel = sandbox::spawn(options);
  console.write.reset();
  std::string output;
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd readable{console.read.get(), POLLIN, 0};
    if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) <= 0) {
      output += "\n(no end within the deadline: killed)\n";
      break;
    }
    char buffer[4096];
    const ssize_t count = ::read(console.read.get(), buffer, sizeof buffer);
    if (count <= 0) break;
    output.append(buffer, static_cast<std::size_t>(count));
  }
  return output;
}

TEST(UserModeLinux, NetemDoesWhatIsAsked) {
  if (::access(kKernel, X_OK) != 0) {
    GTEST_SKIP() << "SKIPPED: " << kKernel << " is missing (apt-get install user-mode-linux)";
  }
  const std::string output =
      boot(binary("link_conformance"),
           "*Loss*tc:*Chance*tc:*Spreads*/tc_*:*Queue.*tc:*RoundTrip*tc*:*UdpGoodput*tc_1Mbit_30ms");
  std::cout << output;
  EXPECT_NE(output.find("netem 1"), std::string::npos) << "no netem in there";
  EXPECT_NE(output.find("uml_init: the command ended with 0"), std::string::npos);
  // Each of these must have run, not been skipped.
  for (const char* test :
       {"Shapers/Loss.OnePercentWithinTheBinomialInterval/tc", "Shapers/Queue.InBytesIsDropTail/tc",
        "Shapers/Chance.BurstsOfLossesHaveTheirShareAndTheirLength/tc", "Shapers/Chance.DuplicatesArriveTwice/tc",
        "Shapers/Chance.ReorderedPacketsSkipTheDelay/tc", "Shapers/Chance.CorruptedPacketsFailTheirChecksum/tc",
        "Shapers/Spreads.PassKolmogorovAndSmirnov/tc_uniform", "Shapers/Spreads.PassKolmogorovAndSmirnov/tc_normal",
        "Shapers/Spreads.PassKolmogorovAndSmirnov/tc_pareto", "Links/RateAndDelay.RoundTripWhenIdle/tc_100Mbit_30ms",
        "Links/RateAndDelay.UdpGoodput/tc_1Mbit_30ms"}) {
    EXPECT_NE(output.find(std::string("[       OK ] ") + test), std::string::npos) << test;
  }
}

}  // namespace
}  // namespace geomx

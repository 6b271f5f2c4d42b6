// The parameter server as others use it: installed into a folder, found by a project that is not ours, and run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/e2e/emu.h"
#include "tests/e2e/trainer_processes.h"

namespace geomx::test {
namespace {

using namespace std::chrono_literals;

std::string network_failure;  // why this cannot run here; empty: it can

class OwnNetwork : public testing::Environment {
 public:
  void SetUp() override { network_failure = trainer::enter_own_network(); }
};
const auto* const environment = testing::AddGlobalTestEnvironment(new OwnNetwork);

class Library : public testing::Test {
 protected:
  void SetUp() override {
    if (!network_failure.empty()) GTEST_SKIP() << "SKIPPED: no network of one's own: " << network_failure;
  }

  std::string run(const std::vector<std::string>& argv, const std::map<std::string, std::string>& variables = {}) {
    Command command({.argv = argv, .directory = scratch_.path(), .environment = variables});
    EXPECT_EQ(command.wait(60s), 0) << command.out() << command.err();
    return command.out();
  }

  Scratch scratch_;
};

TEST_F(Library, IsInstalledFoundAndAnotherProgramTrainsWithIt) {
  const std::string prefix = scratch_.path() / "prefix";
  const std::string build = scratch_.path() / "build";
  run({"cmake", "--install", binary("").parent_path().parent_path(), "--prefix", prefix});
  run({"cmake", "-S", source("ps/example"), "-B", build, "-DCMAKE_PREFIX_PATH=" + prefix});
  run({"cmake", "--build", build});
  const std::string found = "3.00 -1.00 4.00 -1.00 5.00 -9.00 2.00 -6.00 after ";
  const std::vector<std::string> job{source("ps/example/run"), prefix + "/bin", build + "/least_squares", "200"};
  EXPECT_EQ(run(job), found + "200 rounds\n" + found + "200 rounds\n");
  // Another algorithm: the same program.
  EXPECT_EQ(run(job, {{"GEOMX_SYNC", "hfa"}, {"GEOMX_CODEC", "fp16"}}), found + "10 rounds\n" + found + "10 rounds\n");
}

}  // namespace
}  // namespace geomx::test

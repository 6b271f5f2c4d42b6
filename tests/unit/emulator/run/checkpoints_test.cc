#include "emulator/run/checkpoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "emulator/base/error.h"
#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Checkpoints : public testing::Test {
 protected:
  Checkpoints() {
    std::string path = fs::temp_directory_path() / "geomx-checkpoints-XXXXXX";
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    folder_ = path;
    scenario_.training->parties[0].global_servers = 2;
    scenario_.training->checkpoint = scenario::Checkpoint{.dir = folder_ / "kept", .every = {}, .resume = true};
    fs::create_directories(folder_ / "kept");
    write("global-server-0.checkpoint");
    write("global-server-1.checkpoint");
    write("worker-0-round-12.safetensors");
  }
  ~Checkpoints() override { fs::remove_all(folder_); }

  void write(const std::string& name) const { std::ofstream(folder_ / "kept" / name) << "x"; }
  std::string refusal(const std::optional<fs::path>& run_folder) const {
    try {
      require_checkpoints(scenario_, run_folder);
      return {};
    } catch (const InputError& error) {
      return error.line();
    }
  }

  fs::path folder_;
  scenario::Scenario scenario_ = test::three_dc();
};

TEST_F(Checkpoints, OfEveryGlobalServerAreThere) {
  EXPECT_EQ(refusal(std::nullopt), "");
  EXPECT_EQ(refusal(folder_ / "other"), "");
  fs::remove(folder_ / "kept" / "global-server-1.checkpoint");
  EXPECT_THAT(refusal(std::nullopt), HasSubstr("kept/global-server-1.checkpoint: there is no such checkpoint"));
}

TEST_F(Checkpoints, OfTheWorkerThatEvaluatesIsThere) {
  fs::remove(folder_ / "kept" / "worker-0-round-12.safetensors");
  write("worker-1-round-12.safetensors");
  write("worker-0-round-12.safetensors.part");
  EXPECT_THAT(refusal(std::nullopt), HasSubstr("kept: there is no checkpoint of a worker to resume from"));
}

TEST_F(Checkpoints, AreNotWantedWhereNothingIsResumed) {
  scenario_.training->checkpoint->resume = false;
  fs::remove_all(folder_ / "kept");
  EXPECT_EQ(refusal(folder_), "");
  scenario_.training->checkpoint.reset();
  EXPECT_EQ(refusal(folder_), "");
}

// An --out that holds an earlier run is cleared of it, checkpoints and all.
TEST_F(Checkpoints, AreNotInTheFolderThatTheRunClears) {
  EXPECT_THAT(refusal(folder_), HasSubstr("--out DIR"));
  EXPECT_THAT(refusal(folder_ / "kept"), HasSubstr("--out DIR"));
  EXPECT_THAT(refusal(folder_ / "kept" / ".."), HasSubstr("--out DIR"));
}

}  // namespace
}  // namespace geomx::run

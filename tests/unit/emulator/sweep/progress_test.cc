#include "emulator/sweep/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

namespace geomx::sweep {
namespace {

using testing::HasSubstr;

SweepState state() {
  SweepState state;
  state.done = 10;
  state.total = 20;
  state.failed = 1;
  state.degraded = 2;
  state.seconds_left = 65;
  state.running = {{"rate=10Mbit", 0.5}};
  return state;
}

std::string printed(SweepProgress::Mode mode, const std::function<void(SweepProgress&)>& use) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  {
    SweepProgress progress(mode, stream);
    use(progress);
  }
  std::fclose(stream);
  const std::string result(text, size);
  std::free(text);
  return result;
}

TEST(SweepProgress, TimeLeftIsThatOfWhatIsToBeDone) {
  EXPECT_DOUBLE_EQ(seconds_left(10, 5, {}, 1), 50);
  EXPECT_DOUBLE_EQ(seconds_left(10, 5, {4}, 1), 56);
  EXPECT_DOUBLE_EQ(seconds_left(10, 4, {10, 15}, 2), 20) << "one that takes longer may end any moment";
  EXPECT_DOUBLE_EQ(seconds_left(10, 1, {5}, 4), 10) << "a run is not shared";
  EXPECT_DOUBLE_EQ(seconds_left(10, 0, {}, 1), 0);
}

TEST(SweepProgress, LinesSayHowFarItIs) {
  EXPECT_EQ(progress_line(state(), 0), "10/20 runs  1 failed  2 degraded  1:05 left  rate=10Mbit 50%");
  EXPECT_EQ(progress_line(state(), 40), "[##########..........] 10/20 runs  1 fai");
  EXPECT_EQ(minutes(3725), "1:02:05");
}

TEST(SweepProgress, ProgramsGetObjects) {
  const std::string text = printed(SweepProgress::Mode::json, [](SweepProgress& progress) {
    progress.ended({3, "rate=10Mbit", "ok, faithful", 2.5, false}, state());
  });
  const auto line = nlohmann::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(line["type"], "run");
  EXPECT_EQ(line["run"], 3);
  EXPECT_EQ(nlohmann::json::parse(progress_json(state()))["seconds_left"], 65);
}

TEST(SweepProgress, WithoutATerminalEachRunHasALine) {
  const std::string text = printed(SweepProgress::Mode::automatic, [](SweepProgress& progress) {
    progress.ended({3, "rate=10Mbit #2", "ok, faithful", 2.5, false}, state());
    progress.update(state());
  });
  EXPECT_EQ(text, "10/20  run 3 rate=10Mbit #2: ok, faithful (2.5 s; 1:05 left)\n");
  EXPECT_EQ(printed(SweepProgress::Mode::silent, [](SweepProgress& progress) { progress.note("x"); }), "");
}

}  // namespace
}  // namespace geomx::sweep

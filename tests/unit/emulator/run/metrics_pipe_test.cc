#include "emulator/run/metrics_pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace geomx::run {
namespace {

const std::string kLine = R"({"type":"phase","name":"training"})"
                          "\n";

class MetricsPipeTest : public testing::Test {
 protected:
  void SetUp() override {
    Pipe ends = make_pipe();
    ASSERT_GE(::fcntl(ends.write.get(), F_SETPIPE_SZ, 1 << 20), 1 << 20);
    writer_ = std::move(ends.write);
    pipe_ = MetricsPipe(std::move(ends.read), "a-worker-0");
  }
  // Whole lines until the pipe holds `bytes` or a little less; how many there are.
  std::size_t fill(std::size_t bytes) {
    const std::size_t lines = bytes / kLine.size();
    std::string text;
    for (std::size_t i = 0; i < lines; ++i) text += kLine;
    EXPECT_EQ(::write(writer_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return lines;
  }

  FileDescriptor writer_;
  MetricsPipe pipe_;
};

TEST_F(MetricsPipeTest, ReadsWhatIsThereAndDoesNotWait) {
  EXPECT_TRUE(pipe_.read().empty());
  const std::size_t lines = fill(10 * kLine.size());
  EXPECT_EQ(pipe_.read().size(), lines);
  EXPECT_GE(pipe_.fd(), 0);
}

TEST_F(MetricsPipeTest, OneTurnTakesItsShareAndNoMore) {
  const std::size_t lines = fill(1'000'000);
  const std::size_t turn = pipe_.read().size();
  EXPECT_GT(turn, 0u);
  EXPECT_LE(turn * kLine.size(), MetricsPipe::kBytesPerTurn);
  std::size_t read = turn;
  for (int turns = 0; turns < 10; ++turns) read += pipe_.read().size();
  EXPECT_EQ(read, lines);
}

TEST_F(MetricsPipeTest, TheRestIsReadAtTheEndWhoeverHoldsThePipe) {
  const std::size_t lines = fill(1'000'000);
  ASSERT_EQ(::write(writer_.get(), "{\"type\":", 8), 8);
  const std::vector<Metric> rest = pipe_.finish();  // the writing end is open still
  ASSERT_EQ(rest.size(), lines + 1);
  EXPECT_TRUE(std::holds_alternative<Malformed>(rest.back()));
  EXPECT_EQ(pipe_.fd(), -1);
  EXPECT_TRUE(pipe_.finish().empty());
}

TEST_F(MetricsPipeTest, ClosesAtTheEndOfThePipe) {
  fill(kLine.size());
  writer_.reset();
  EXPECT_EQ(pipe_.read().size(), 1u);
  EXPECT_EQ(pipe_.fd(), -1);
  EXPECT_TRUE(pipe_.read().empty());
}

}  // namespace
}  // namespace geomx::run

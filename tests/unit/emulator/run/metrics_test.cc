#include "emulator/run/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace geomx::run {
namespace {

constexpr const char* kStep =
    R"({"type":"step","round":12,"epoch":0,"loss":0.53,"samples":32,"compute_ms":2.1,"communicate_ms":130.2,"t":1700.5})";

TEST(Metrics, ReadsEveryType) {
  const auto step = std::get<Step>(parse_metric(kStep));
  EXPECT_EQ(step.round, 12);
  EXPECT_DOUBLE_EQ(step.loss.value(), 0.53);
  EXPECT_EQ(step.samples, 32);
  EXPECT_DOUBLE_EQ(step.compute_ms, 2.1);
  EXPECT_DOUBLE_EQ(step.communicate_ms, 130.2);
  EXPECT_DOUBLE_EQ(step.time, 1700.5);

  const auto evaluation = std::get<Evaluation>(parse_metric(
      R"({"type":"evaluation","round":469,"epoch":1,"test_accuracy":0.83,"test_loss":0.45,"samples":10000,"evaluate_ms":310,"t":9})"));
  EXPECT_EQ(evaluation.round, 469);
  EXPECT_EQ(evaluation.epoch, 1);
  EXPECT_DOUBLE_EQ(evaluation.test_accuracy, 0.83);
  EXPECT_EQ(evaluation.samples, 10000);
  EXPECT_DOUBLE_EQ(evaluation.evaluate_ms, 310);

  const auto evaluating =
      std::get<Evaluating>(parse_metric(R"({"type":"evaluating","samples":2560,"of":10000,"t":8})"));
  EXPECT_EQ(evaluating.samples, 2560);
  EXPECT_EQ(evaluating.of, 10000);

  const auto round = std::get<Round>(parse_metric(
      R"({"type":"round","round":7,"gather_ms":1,"compute_ms":2,"push_ms":3,"wait_ms":4,"pull_ms":5.5,"t":9})"));
  EXPECT_EQ(round.round, 7);
  EXPECT_DOUBLE_EQ(round.gather_ms, 1);
  EXPECT_DOUBLE_EQ(round.compute_ms, 2);
  EXPECT_DOUBLE_EQ(round.push_ms, 3);
  EXPECT_DOUBLE_EQ(round.wait_ms, 4);
  EXPECT_DOUBLE_EQ(round.pull_ms, 5.5);
  EXPECT_DOUBLE_EQ(round.time, 9);

  const auto absence = std::get<Absence>(parse_metric(R"({"type":"absent","round":7,"workers":2,"t":9})"));
  EXPECT_EQ(absence.round, 7);
  EXPECT_EQ(absence.workers, 2);
  EXPECT_DOUBLE_EQ(absence.time, 9);
  const auto lost = std::get<Presence>(
      parse_metric(R"({"type":"lost","node":"worker 1","process":"b-worker-1:99","silent_seconds":15.2,"t":9})"));
  EXPECT_TRUE(lost.lost);
  EXPECT_EQ(lost.node, "worker 1");
  EXPECT_EQ(lost.process, "b-worker-1:99");
  EXPECT_DOUBLE_EQ(lost.silent_seconds, 15.2);
  const auto returned =
      std::get<Presence>(parse_metric(R"({"type":"returned","node":"worker 1","process":"b-worker-1:140","t":10})"));
  EXPECT_FALSE(returned.lost);
  EXPECT_DOUBLE_EQ(returned.time, 10);

  const auto phase = std::get<Phase>(parse_metric(R"({"type":"phase","name":"training","rounds":469,"t":1.5})"));
  EXPECT_EQ(phase.name, "training");
  EXPECT_EQ(phase.rounds, 469);
  EXPECT_EQ(std::get<ReportedError>(parse_metric(R"({"type":"error","message":"no data"})")).message, "no data");
}

TEST(Metrics, KeepsWhatItDoesNotKnow) {
  const std::string line = R"({"type":"checkpoint","path":"/x","t":3.5})";
  const auto other = std::get<Other>(parse_metric(line));
  EXPECT_EQ(other.type, "checkpoint");
  EXPECT_EQ(other.json, line);
  EXPECT_DOUBLE_EQ(other.time, 3.5);
}

TEST(Metrics, ReportsMalformedLines) {
  for (const char* line : {"", "{", "42", "[]", "\"step\"", "{}", R"({"type":7})", R"({"type":"step"})",
                           R"({"type":"step","round":"12","loss":1,"samples":1,"t":1})",
                           R"({"type":"evaluation","round":1,"t":1})", R"({"type":"error"})", "\xff\xfe\x00"}) {
    EXPECT_TRUE(std::holds_alternative<Malformed>(parse_metric(line))) << line;
  }
  const auto malformed = std::get<Malformed>(parse_metric("\x1b[31m" + std::string(500, 'x')));
  EXPECT_LT(malformed.line.size(), 130u);
  EXPECT_EQ(malformed.line.find('\x1b'), std::string::npos);
  EXPECT_FALSE(malformed.reason.empty());
}

TEST(Metrics, ALossThatDivergedIsNotANumber) {
  const auto step = std::get<Step>(parse_metric(R"({"type":"step","round":1,"loss":null,"samples":32,"t":1})"));
  EXPECT_TRUE(std::isnan(step.loss.value()));
  const auto none = std::get<Step>(parse_metric(R"({"type":"step","round":1,"samples":32,"t":1})"));
  EXPECT_FALSE(none.loss);  // the worker computes nothing
}

TEST(MetricsReader, CutsLinesHoweverTheBytesArrive) {
  const std::string text =
      std::string(kStep) + "\n\n" + R"({"type":"phase","name":"ready","t":1})" + "\n" + kStep + "\n";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, text.size()}) {
    MetricsReader reader;
    std::vector<Metric> all;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      for (Metric& metric : reader.feed(std::string_view(text).substr(at, piece))) all.push_back(std::move(metric));
    }
    ASSERT_EQ(all.size(), 3u) << piece;
    EXPECT_EQ(std::get<Step>(all[0]).round, 12);
    EXPECT_EQ(std::get<Phase>(all[1]).name, "ready");
    EXPECT_EQ(std::get<Step>(all[2]).round, 12);
    EXPECT_TRUE(reader.finish().empty());
  }
}

TEST(MetricsReader, GivesALastLineWithoutNewline) {
  MetricsReader reader;
  EXPECT_TRUE(reader.feed(kStep).empty());
  EXPECT_EQ(reader.finish().size(), 1u);
  EXPECT_TRUE(reader.finish().empty());
}

TEST(MetricsReader, SkipsAnEndlessLineWithoutKeepingIt) {
  MetricsReader reader;
  std::size_t malformed = 0;
  for (int i = 0; i < 100; ++i) {
    for (const Metric& metric : reader.feed(std::string(4096, 'x'))) {
      malformed += std::holds_alternative<Malformed>(metric) ? 1 : 0;
    }
  }
  EXPECT_EQ(malformed, 1u);
  const auto next = reader.feed("x\n" + std::string(kStep) + "\n");
  ASSERT_EQ(next.size(), 1u);
  EXPECT_EQ(std::get<Step>(next[0]).round, 12);
}

}  // namespace
}  // namespace geomx::run

// What docs/algorithms.md says of accuracy: every algorithm with every codec trains MNIST about as well as fsa with
// float32, in as many epochs. The guide's 12 roles in one process; the in-process transport changes no number.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/trainer/loop/guide_job.h"
#include "trainer/loop/worker.h"

namespace geomx::trainer {
namespace {

constexpr long kEpochs = 4;
constexpr double kBound = 0.005;  // by which a row may be worse than fsa with float32

// How a job is told to train: what suits the algorithm, whatever the codec.
struct Training {
  const char* optimizer;
  double learning_rate;
  double momentum;
  Environment settings;
};
const std::map<std::string, Training> kTrainings{{"fsa", {"adam", 0.001, 0, {}}},
                                                 {"mixed", {"sgd", 0.05, 0, {{"GEOMX_DCASGD", "1"}}}},
                                                 {"hfa", {"sgd", 0.05, 0.9, {}}},
                                                 {"diloco", {"adamw", 0.001, 0, {}}},
                                                 {"esync", {"sgd", 0.05, 0.9, {}}}};

struct Row {
  std::string sync;
  std::string codec;
  Environment settings;
};

class LastScore : public Observer {
 public:
  void phase(const std::string&, long) override {}
  void step(const StepReport&, const Tensors&) override {}
  void evaluation(const EvaluationReport& report) override { accuracy = report.accuracy; }
  double accuracy = 0;
};

double accuracy_of(const Row& row) {
  const Training& training = kTrainings.at(row.sync);
  Environment variables = row.settings;
  variables.insert(training.settings.begin(), training.settings.end());
  variables.insert({{"GEOMX_SYNC", row.sync}, {"GEOMX_CODEC", row.codec}});
  double accuracy = 0;
  const std::vector<std::string> errors =
      run_job(guide_roles(9092), variables,
              [&](const GuideRole& role, const ps::NodeConfig& config, const ps::TransportFactory& transport) {
                WorkerOptions options;
                options.dataset = "mnist";
                options.epochs = kEpochs;
                options.optimizer = training.optimizer;
                options.learning_rate = training.learning_rate;
                options.momentum = training.momentum;
                if (role.data_slice >= 0) options.data_slice = static_cast<std::size_t>(role.data_slice);
                LastScore score;
                run_worker(config, options, score, transport);
                if (role.data_slice == 0) accuracy = score.accuracy;
              });
  for (const std::string& error : errors) ADD_FAILURE() << error;
  return accuracy;
}

double baseline() {
  static const double accuracy = accuracy_of({"fsa", "none", {}});
  return accuracy;
}

class Algorithms : public testing::TestWithParam<Row> {};

TEST_P(Algorithms, TrainAsWellAsFsa) {
  const Row& row = GetParam();
  const double accuracy = accuracy_of(row);
  std::printf("| %s | %s | %.2f %% | %+.2f |\n", row.sync.c_str(), row.codec.c_str(), 100 * accuracy,
              100 * (accuracy - baseline()));
  EXPECT_GE(baseline(), 0.985);
  EXPECT_GE(accuracy, baseline() - kBound);
}

// DiLoCo exchanges so seldom that with one entry of a hundred most are never sent: it gets one of ten. A threshold of
// 2bit is of the size of what is sent; as that goes up or down by the threshold and nothing else, DiLoCo gets shorter
// rounds and less momentum with it.
Environment settings_of(const std::string& sync, const std::string& codec) {
  if (codec == "2bit" && sync == "diloco") {
    return {{"GEOMX_2BIT_THRESHOLD", "0.01"}, {"GEOMX_DILOCO_STEPS", "20"}, {"GEOMX_OUTER_MOMENTUM", "0.5"}};
  }
  if (codec == "2bit") return {{"GEOMX_2BIT_THRESHOLD", "0.05"}};
  if (sync == "diloco" && (codec == "bisparse" || codec == "mpq")) return {{"GEOMX_BISPARSE_RATIO", "0.1"}};
  return {};
}

std::vector<Row> rows() {
  std::vector<Row> rows;
  for (const char* codec : {"none", "fp16", "bf16", "bisparse", "mpq", "2bit"}) {
    for (const auto& [sync, training] : kTrainings) {
      rows.push_back({sync, codec, settings_of(sync, codec)});
    }
  }
  return rows;
}

INSTANTIATE_TEST_SUITE_P(Rows, Algorithms, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.sync + "_" + row.param.codec; });

}  // namespace
}  // namespace geomx::trainer

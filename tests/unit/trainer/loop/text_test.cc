// The small GPT on a text, through the whole hierarchy: the guide's 12 roles as threads over the in-process transport.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/sentences.h"
#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "tests/unit/trainer/loop/guide_job.h"
#include "trainer/loop/evaluate_file.h"
#include "trainer/loop/worker.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Recorder : public Observer {
 public:
  void phase(const std::string&, long) override {}
  void step(const StepReport& report, const Tensors&) override { losses.push_back(report.loss.value()); }
  void evaluation(const EvaluationReport& report) override { evaluations.push_back(report); }

  std::vector<double> losses;
  std::vector<EvaluationReport> evaluations;
};

constexpr std::size_t kContext32 = 32;
constexpr const char* kModel = R"({"name": "tiny-gpt", "layers": [
  {"op": "embedding", "vocabulary": "classes", "width": 64, "positions": true, "name": "tokens"},
  {"op": "layer_norm"}, {"op": "linear", "units": 192}, {"op": "attention", "heads": 4},
  {"op": "linear", "units": 64, "name": "mixed"}, {"op": "add", "inputs": ["tokens", "mixed"], "name": "x"},
  {"op": "layer_norm"}, {"op": "linear", "units": 256}, {"op": "gelu"}, {"op": "linear", "units": 64, "name": "thought"},
  {"op": "add", "inputs": ["x", "thought"]}, {"op": "layer_norm"},
  {"op": "linear", "units": "classes", "bias": false}]})";

class TextJob : public testing::Test {
 protected:
  TextJob() {
    write_plain(folder_ / "text.txt", text_);
    write_plain(folder_ / "tiny.json", kModel);
  }

  WorkerOptions options(const std::string& model, long rounds) const {
    WorkerOptions options;
    options.dataset = "text";
    options.data_dir = folder_.path();
    options.context = kContext32;
    options.model = model;
    options.batch_size = 8;
    options.rounds = rounds;
    options.learning_rate = 0.002;
    options.timeout = 60;
    options.parameters_out = folder_ / "final.safetensors";
    return options;
  }

  // What the worker that evaluates tells.
  Recorder train(const WorkerOptions& options) {
    Recorder first;
    std::vector<Recorder> others(4);
    const auto errors = run_job(
        guide_roles(9092), {},
        [&](const GuideRole& role, const ps::NodeConfig& config, const ps::TransportFactory& transport) {
          WorkerOptions mine = options;
          if (role.data_slice >= 0) mine.data_slice = static_cast<std::size_t>(role.data_slice);
          if (role.data_slice != 0) mine.parameters_out.reset();
          run_worker(config, mine, role.data_slice == 0 ? first : others[role.data_slice < 0 ? 0 : role.data_slice],
                     transport);
        });
    EXPECT_THAT(errors, IsEmpty());
    return first;
  }

  const std::string text_ = test::sentences(60'000, 5);
  TemporaryFolder folder_;
};

TEST_F(TextJob, ASmallGptLearnsMoreThanHowFrequentBytesAre) {
  const Recorder worker = train(options("gpt", 40));
  ASSERT_THAT(worker.losses, SizeIs(40));
  const double entropy = test::unigram_entropy(text_);
  EXPECT_GT(entropy, 2.5);
  EXPECT_GT(worker.losses.front(), entropy);
  EXPECT_LT(worker.losses.back(), 0.75 * entropy);
  ASSERT_THAT(worker.evaluations, SizeIs(1));
  EXPECT_LT(worker.evaluations[0].loss, 0.75 * entropy);
  EXPECT_GT(worker.evaluations[0].accuracy, 0.3);  // of bytes, of which one in six is a space
  // Each position of each sample of the last tenth.
  EXPECT_EQ(worker.evaluations[0].samples, (6'000 - 1) / kContext32 * kContext32);
}

// The file says how long its samples are: --context need not be given again.
TEST_F(TextJob, ItsModelIsEvaluatedAsTrainingDid) {
  const Recorder worker = train(options((folder_ / "tiny.json").string(), 30));
  const std::filesystem::path file = folder_ / "final.safetensors";
  const FileScore score = evaluate_file({.file = file, .data_dir = folder_.path()});
  EXPECT_EQ(score.model, "tiny-gpt");
  EXPECT_EQ(score.dataset, "text");
  EXPECT_EQ(score.accuracy, worker.evaluations.back().accuracy);
  EXPECT_DOUBLE_EQ(score.loss, worker.evaluations.back().loss);
  EXPECT_EQ(score.samples, worker.evaluations.back().samples);
  const auto said = [](const EvaluationOptions& evaluation) -> std::string {
    try {
      evaluate_file(evaluation);
      return "accepted";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(said({.file = file, .data_dir = folder_.path(), .context = 64}),
              HasSubstr("is of a model for 32 in 256 classes, and text has 64 in 256"));
  EXPECT_THAT(said({.file = file, .dataset = "fashion-mnist"}),
              HasSubstr("is of a model for 32 in 256 classes, and fashion-mnist has 1x28x28 in 10"));
  EXPECT_THAT(said({.file = file, .dataset = "fashion-mnist", .context = 64}), HasSubstr("--context is of text"));
}

}  // namespace
}  // namespace geomx::trainer

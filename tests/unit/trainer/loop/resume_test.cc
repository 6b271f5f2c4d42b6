#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <mutex>

#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "tests/unit/trainer/loop/guide_job.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/loop/checkpoint.h"
#include "trainer/loop/evaluate_file.h"
#include "trainer/loop/worker.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

// Trainings that end, and go on as other jobs: all roles as threads over the in-process transport.
namespace geomx::trainer {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// One party, which is the central one and trains.
std::vector<GuideRole> one_party(int workers) {
  const Environment common{{"DMLC_INTERFACE", "lo"}, {"PS_VERBOSE", "0"}};
  const Environment global{{"DMLC_PS_GLOBAL_ROOT_URI", "127.0.0.1"},
                           {"DMLC_PS_GLOBAL_ROOT_PORT", "9092"},
                           {"DMLC_NUM_GLOBAL_SERVER", "1"},
                           {"DMLC_NUM_GLOBAL_WORKER", "0"}};
  const Environment party{{"DMLC_PS_ROOT_URI", "127.0.0.1"},
                          {"DMLC_PS_ROOT_PORT", "9093"},
                          {"DMLC_NUM_SERVER", "1"},
                          {"DMLC_NUM_WORKER", std::to_string(workers)}};
  const Environment all{{"DMLC_NUM_ALL_WORKER", std::to_string(workers)}};
  const auto merged = [&](std::initializer_list<Environment> parts) {
    Environment whole = common;
    for (const Environment& part : parts) whole.insert(part.begin(), part.end());
    return whole;
  };
  std::vector<GuideRole> roles{
      {"global-scheduler", merged({global, {{"DMLC_ROLE_GLOBAL", "global_scheduler"}}})},
      {"scheduler", merged({party, {{"DMLC_ROLE", "scheduler"}}})},
      {"server",
       merged(
           {global,
            party,
            all,
            {{"DMLC_ROLE", "server"}, {"DMLC_ROLE_GLOBAL", "global_server"}, {"DMLC_ENABLE_CENTRAL_WORKER", "1"}}})}};
  for (int i = 0; i < workers; ++i) {
    roles.push_back({"worker-" + std::to_string(i),
                     merged({party, all, {{"DMLC_ROLE", "worker"}, {"DMLC_ROLE_MASTER_WORKER", i == 0 ? "1" : "0"}}}),
                     i, true});
  }
  return roles;
}

// Images that tell their label: a band of rows is bright, at another height for each.
void write_bands(const fs::path& folder, std::uint32_t count) {
  std::string images;
  std::string labels;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t label = i * 7 % 10;
    for (std::uint32_t pixel = 0; pixel < 28 * 28; ++pixel) {
      const bool bright = pixel / 28 / 2 == label + 2;
      images += static_cast<char>(bright ? 200 : (i * 31 + pixel * 17) % 50);
    }
    labels += static_cast<char>(label);
  }
  for (const std::string part : {"train", "t10k"}) {
    write_plain(folder / (part + "-images-idx3-ubyte"), idx_bytes(2051, {count, 28, 28}, images));
    write_plain(folder / (part + "-labels-idx1-ubyte"), idx_bytes(2049, {count}, labels));
  }
}

class Recorder : public Observer {
 public:
  void phase(const std::string&, long) override {}
  void step(const StepReport& report, const Tensors& parameters) override {
    rounds.push_back(report.round);
    losses.push_back(report.loss.value());
    bytes.clear();
    for (std::size_t t = 0; t < parameters.count(); ++t) {
      bytes.append(reinterpret_cast<const char*>(parameters[t].data()), parameters[t].size_bytes());
    }
  }
  void evaluation(const EvaluationReport& report) override { evaluations.push_back(report); }
  void warning(const std::string& line) override { warnings.push_back(line); }

  std::vector<long> rounds;
  std::vector<double> losses;
  std::string bytes;  // of the parameters after the last round
  std::vector<EvaluationReport> evaluations;
  std::vector<std::string> warnings;
};

struct Outcome {
  std::vector<std::string> errors;
  std::vector<Recorder> workers;
};

class Resume : public testing::Test {
 protected:
  Resume() { write_bands(folder_.path(), 640); }

  WorkerOptions options(long rounds) const {
    WorkerOptions options;
    options.data_dir = folder_.path();
    options.batch_size = 16;
    options.rounds = rounds;
    options.optimizer = "sgd";
    options.learning_rate = 0.05;
    options.seed = 11;
    options.timeout = 60;
    return options;
  }
  WorkerOptions kept(long rounds, bool resume = false) const {
    WorkerOptions kept = options(rounds);
    kept.checkpoint = folder_ / "kept";
    kept.checkpoint_every = 4;
    kept.resume = resume;
    return kept;
  }
  // The servers' own.
  Environment durable(bool resume) const {
    return {{"GEOMX_CHECKPOINT_DIR", (folder_ / "servers").string()},
            {"GEOMX_CHECKPOINT_EVERY", "5"},
            {"GEOMX_CHECKPOINT_RESUME", resume ? "1" : "0"}};
  }

  static Outcome train(const std::vector<GuideRole>& roles, const WorkerOptions& options,
                       const Environment& variables = {}) {
    Outcome outcome;
    Recorder master;  // that does not train
    for (const GuideRole& role : roles) outcome.workers.resize(outcome.workers.size() + (role.data_slice >= 0 ? 1 : 0));
    outcome.errors =
        run_job(roles, variables,
                [&](const GuideRole& role, const ps::NodeConfig& config, const ps::TransportFactory& transport) {
                  WorkerOptions mine = options;
                  if (role.data_slice >= 0) mine.data_slice = static_cast<std::size_t>(role.data_slice);
                  run_worker(config, mine, mine.data_slice ? outcome.workers[*mine.data_slice] : master, transport);
                });
    return outcome;
  }
  static Outcome train(int workers, const WorkerOptions& options) { return train(one_party(workers), options); }

  // Before the network is touched.
  static std::string refusal(WorkerOptions options) {
    ps::NodeConfig config;
    config.num_all_workers = 1;
    options.data_slice = 0;
    Recorder recorder;
    try {
      run_worker(config, options, recorder,
                 []() -> std::unique_ptr<ps::Transport> { throw std::logic_error("the network was touched"); });
    } catch (const std::exception& error) {
      return error.what();
    }
    return "accepted";
  }

  // 20 rounds; and 10, after which everything ends, and 10 more as another job.
  struct Trainings {
    Outcome calm, first, second;
  };
  Trainings train_both_ways(const std::vector<GuideRole>& roles, const WorkerOptions& straight,
                            const Environment& variables, bool servers_resume) {
    const auto with = [&](long rounds, bool resume) {
      WorkerOptions mine = straight;
      mine.rounds = rounds;
      mine.checkpoint = folder_ / "kept";
      mine.checkpoint_every = 4;
      mine.resume = resume;
      Environment all = variables;
      if (servers_resume) all.merge(durable(resume));
      return train(roles, mine, all);
    };
    return {.calm = train(roles, straight, variables), .first = with(10, false), .second = with(20, true)};
  }
  void expect_the_same(const std::vector<GuideRole>& roles, const WorkerOptions& straight, const Environment& variables,
                       bool servers_resume) {
    const Trainings both = train_both_ways(roles, straight, variables, servers_resume);
    for (const Outcome* outcome : {&both.calm, &both.first, &both.second}) ASSERT_THAT(outcome->errors, IsEmpty());
    for (std::size_t worker = 0; worker < both.calm.workers.size(); ++worker) {
      const Recorder& calm = both.calm.workers[worker];
      const Recorder& resumed = both.second.workers[worker];
      EXPECT_THAT(resumed.warnings, IsEmpty());
      ASSERT_THAT(resumed.rounds, SizeIs(10));
      EXPECT_EQ(resumed.rounds.front(), 11);
      EXPECT_TRUE(resumed.bytes == calm.bytes) << "worker " << worker;
      for (std::size_t round = 0; round < 10; ++round) {
        EXPECT_EQ(resumed.losses[round], calm.losses[10 + round]) << round;
      }
      ASSERT_EQ(resumed.evaluations.empty(), worker > 0);
      if (worker > 0) continue;
      EXPECT_EQ(resumed.evaluations.back().accuracy, calm.evaluations.back().accuracy);
      EXPECT_EQ(resumed.evaluations.back().loss, calm.evaluations.back().loss);
    }
  }

  // Of a model file.
  std::string with_batch_norm() const {
    const fs::path file = folder_ / "normed.json";
    write_plain(file, R"({"name": "normed", "layers": [
      {"op": "convolution", "channels": 6, "kernel": 5, "stride": 2, "bias": false}, {"op": "batch_norm"},
      {"op": "relu"}, {"op": "convolution", "channels": 12, "kernel": 3, "stride": 2, "bias": false},
      {"op": "batch_norm"}, {"op": "relu"}, {"op": "linear", "units": "classes"}]})");
    return file.string();
  }

  TemporaryFolder folder_;
};

// The optimizer's moments and the schedule's step are the servers', who have checkpoints of their own.
TEST_F(Resume, OneWorkerIsBitExact) {
  WorkerOptions straight = options(20);
  straight.optimizer = "adam";
  straight.learning_rate = 0.002;
  straight.schedule = {.name = "cosine", .warmup = 5, .total = 20};
  straight.clip_norm = 0.5;
  expect_the_same(one_party(1), straight, {}, true);
}

TEST_F(Resume, TwoWorkersAreBitExact) {
  WorkerOptions straight = options(20);
  straight.momentum = 0.9;
  straight.nesterov = true;
  straight.schedule = {.name = "step", .every = 6, .gamma = 0.5};
  expect_the_same(one_party(2), straight, {}, true);
}

// Fresh servers: the master worker gives them the parameters and the round. SGD without momentum has no other state,
// and the schedule goes by the round.
TEST_F(Resume, FreshServersAreGivenTheParametersAndTheRound) {
  WorkerOptions straight = options(20);
  straight.schedule = {.name = "step", .warmup = 3, .every = 6, .gamma = 0.5};
  expect_the_same(one_party(2), straight, {}, false);
}

// Every worker's own optimizer, from its own file: with fresh servers, too.
TEST_F(Resume, LocalOptimizersAreBitExact) {
  WorkerOptions straight = options(20);
  straight.optimizer = "adamw";
  straight.learning_rate = 0.002;
  straight.weight_decay = 0.01;
  straight.schedule = {.name = "cosine", .warmup = 10, .total = 60, .floor = 1e-4};
  expect_the_same(one_party(2), straight,
                  {{"GEOMX_SYNC", "hfa"}, {"MXNET_KVSTORE_HFA_K1", "3"}, {"MXNET_KVSTORE_HFA_K2", "1"}}, false);
}

// The outer step's momentum is the servers', and the inner optimizer's state the workers'.
TEST_F(Resume, OuterAndInnerOptimizersAreBitExact) {
  WorkerOptions straight = options(20);
  straight.optimizer = "adamw";
  straight.learning_rate = 0.002;
  expect_the_same(one_party(2), straight, {{"GEOMX_SYNC", "diloco"}, {"GEOMX_DILOCO_STEPS", "3"}}, true);
}

// The rounds overlap, and a checkpoint waits for the end of one.
TEST_F(Resume, WithPriorityPropagation) {
  expect_the_same(one_party(2), options(20), {{"ENABLE_P3", "1"}}, false);
}

// Running statistics are each worker's own: evaluation, which uses them, says whether they came along.
TEST_F(Resume, RunningStatisticsAreBitExact) {
  WorkerOptions straight = options(20);
  straight.model = with_batch_norm();
  straight.momentum = 0.9;
  expect_the_same(one_party(2), straight, {}, true);
}

// Two parties, whose servers pull from the global one; the master worker has no slice, and begins with another worker's
// checkpoint.
TEST_F(Resume, TwoPartiesAreBitExact) {
  expect_the_same(guide_roles(9092), options(20), {}, false);
}

// Rounds of all parties are every second of a party's.
TEST_F(Resume, WorkersGoOnFromAGlobalRound) {
  WorkerOptions straight = options(20);
  straight.momentum = 0.9;
  expect_the_same(guide_roles(9092), straight,
                  {{"GEOMX_SYNC", "hfa"}, {"MXNET_KVSTORE_HFA_K1", "2"}, {"MXNET_KVSTORE_HFA_K2", "2"}}, false);
}

// Each party counts its own rounds: all go on from where the master's checkpoint was.
TEST_F(Resume, MixedSyncGoesOnFromTheMastersRound) {
  const Trainings both = train_both_ways(guide_roles(9092), options(20), {{"GEOMX_SYNC", "mixed"}}, false);
  for (const Outcome* outcome : {&both.first, &both.second}) ASSERT_THAT(outcome->errors, IsEmpty());
  for (const Recorder& worker : both.second.workers) {
    ASSERT_THAT(worker.rounds, SizeIs(10));
    EXPECT_EQ(worker.rounds.front(), 11);
    EXPECT_EQ(worker.rounds.back(), 20);
    EXPECT_THAT(worker.warnings, IsEmpty());
  }
}

// What the training has printed is what the file has.
TEST_F(Resume, TheLastCheckpointHasTheAccuracyThatTrainingPrinted) {
  WorkerOptions mine = kept(60);
  mine.optimizer = "adam";
  mine.learning_rate = 0.002;
  mine.parameters_out = folder_ / "final.safetensors";
  const Outcome outcome = train(1, mine);
  ASSERT_THAT(outcome.errors, IsEmpty());
  const EvaluationReport& printed = outcome.workers[0].evaluations.back();
  for (const fs::path& file : {folder_ / "kept" / "worker-0-round-60.safetensors", *mine.parameters_out}) {
    const FileScore score = evaluate_file({.file = file, .data_dir = folder_.path()});
    EXPECT_EQ(score.accuracy, printed.accuracy);
    EXPECT_DOUBLE_EQ(score.loss, printed.loss);
    EXPECT_EQ(score.samples, printed.samples);
    EXPECT_EQ(score.round, 60u);
    EXPECT_EQ(score.model, "cnn");
    EXPECT_EQ(score.dataset, "fashion-mnist");
  }
  EXPECT_GT(printed.accuracy, 0.5);  // it has learnt something that a file of zeros would not know
}

TEST_F(Resume, EvaluationUsesTheFilesRunningStatistics) {
  WorkerOptions mine = options(60);
  mine.model = with_batch_norm();
  mine.optimizer = "adam";
  mine.learning_rate = 0.002;
  mine.parameters_out = folder_ / "final.safetensors";
  const Outcome outcome = train(1, mine);
  ASSERT_THAT(outcome.errors, IsEmpty());
  const EvaluationReport& printed = outcome.workers[0].evaluations.back();
  const FileScore score = evaluate_file({.file = *mine.parameters_out, .data_dir = folder_.path()});
  EXPECT_EQ(score.accuracy, printed.accuracy);
  EXPECT_DOUBLE_EQ(score.loss, printed.loss);
  EXPECT_GT(printed.accuracy, 0.5);

  const Checkpoint checkpoint = read_checkpoint(*mine.parameters_out);
  std::vector<TensorView> tensors;
  const std::vector<float> ones(12, 1.0f);
  int replaced = 0;
  for (const auto& tensor : checkpoint.content.tensors) {
    const bool statistic = tensor.name.ends_with(".variance");
    if (statistic) {
      ++replaced;
      EXPECT_NE(tensor.values[0], 1.0f) << "no step has moved " << tensor.name;
    }
    tensors.push_back(
        {tensor.name, tensor.shape,
         statistic ? std::span(ones).first(tensor.values.size()) : std::span<const float>(tensor.values)});
  }
  EXPECT_EQ(replaced, 2);
  write_safetensors(*mine.parameters_out, checkpoint.content.metadata, tensors);
  EXPECT_NE(evaluate_file({.file = *mine.parameters_out, .data_dir = folder_.path()}).loss, score.loss);
}

// A model that was trained in bf16 is evaluated so.
TEST_F(Resume, EvaluationComputesInTheFilesPrecision) {
  try {
    make_cpu_backend(make_model("cnn", {1, 28, 28}, 10), {.batch = 16, .precision = Precision::bf16});
  } catch (const Error& error) {
    GTEST_SKIP() << "SKIPPED: " << error.what();
  }
  WorkerOptions mine = kept(20);
  mine.precision = Precision::bf16;
  const Outcome outcome = train(1, mine);
  ASSERT_THAT(outcome.errors, IsEmpty());
  const fs::path file = folder_ / "kept" / "worker-0-round-20.safetensors";
  const EvaluationReport& printed = outcome.workers[0].evaluations.back();
  EXPECT_EQ(evaluate_file({.file = file, .data_dir = folder_.path()}).loss, printed.loss);
  const double in_fp32 = evaluate_file({.file = file, .data_dir = folder_.path(), .precision = Precision::fp32}).loss;
  EXPECT_NE(in_fp32, printed.loss);
  EXPECT_NEAR(in_fp32, printed.loss, 0.05 * printed.loss);
  WorkerOptions other = kept(40, true);
  EXPECT_THAT(refusal(other), HasSubstr("is of another training: its precision is bf16, here it is fp32"));
}

TEST_F(Resume, EvaluationRefusesWhatDoesNotFit) {
  WorkerOptions mine = kept(1);
  mine.parameters_out = folder_ / "final.safetensors";
  ASSERT_THAT(train(1, mine).errors, IsEmpty());
  const auto said = [&](const EvaluationOptions& options) -> std::string {
    try {
      evaluate_file(options);
      return "accepted";
    } catch (const Error& error) {
      return error.what();
    }
  };
  const fs::path file = *mine.parameters_out;
  EXPECT_THAT(said({.file = folder_ / "absent"}), HasSubstr("/absent cannot be read: No such file or directory"));
  EXPECT_THAT(said({.file = file, .dataset = "imagenet"}), HasSubstr("imagenet"));
  EXPECT_THAT(said({.file = file, .data_dir = folder_ / "kept"}), HasSubstr("kept"));
  EXPECT_EQ(said({.file = file, .dataset = "mnist", .data_dir = folder_.path()}), "accepted");

  Checkpoint checkpoint = read_checkpoint(file);
  std::vector<TensorView> tensors;
  for (const auto& tensor : checkpoint.content.tensors) tensors.push_back({tensor.name, tensor.shape, tensor.values});
  const std::vector<float> one = {1};
  tensors.push_back({"stranger", {1}, one});
  write_safetensors(file, checkpoint.content.metadata, tensors);
  EXPECT_THAT(said({.file = file, .data_dir = folder_.path()}),
              HasSubstr("final.safetensors: tensor \"stranger\" is none of the model cnn"));
  tensors.pop_back();
  tensors.front().shape = {5, 5, 1, 16};
  write_safetensors(file, checkpoint.content.metadata, tensors);
  EXPECT_THAT(said({.file = file, .data_dir = folder_.path()}),
              HasSubstr("final.safetensors: tensor \"conv1.weight\" is 5x5x1x16, 16x1x5x5 wanted"));
  checkpoint.content.metadata["classes"] = "100";
  write_safetensors(file, checkpoint.content.metadata, tensors);
  EXPECT_THAT(said({.file = file, .data_dir = folder_.path()}),
              HasSubstr("is of a model for 1x28x28 in 100 classes, and fashion-mnist has 1x28x28 in 10 (--dataset)"));
}

TEST_F(Resume, RefusesWhatItCannotGoOnFrom) {
  EXPECT_THAT(refusal(kept(4, true)),
              HasSubstr("/kept has no checkpoint to go on from (without --resume, training begins anew)"));
  WorkerOptions nowhere = options(4);
  nowhere.resume = true;
  EXPECT_EQ(refusal(nowhere), "--resume wants --checkpoint FOLDER");
  ASSERT_THAT(train(1, kept(4)).errors, IsEmpty());
  EXPECT_THAT(refusal(kept(8, true)), HasSubstr("has no session"));  // with nothing wrong, the session is next
  WorkerOptions other = kept(8, true);
  other.seed = 12;
  EXPECT_THAT(refusal(other),
              HasSubstr("worker-0-round-4.safetensors is of another training: its seed is 11, here it is 12"));
  other = kept(8, true);
  other.batch_size = 8;
  EXPECT_THAT(refusal(other), HasSubstr("is of another training: its batch_size is 16, here it is 8"));
}

// A damaged newest one: the one before it is taken, and the warning says so.
TEST_F(Resume, GoesOnFromTheOneBeforeADamagedOne) {
  ASSERT_THAT(train(1, kept(10)).errors, IsEmpty());
  fs::resize_file(folder_ / "kept" / "worker-0-round-10.safetensors", 1000);
  const Outcome outcome = train(1, kept(12, true));
  ASSERT_THAT(outcome.errors, IsEmpty());
  EXPECT_THAT(outcome.workers[0].warnings, testing::Contains(HasSubstr("worker-0-round-10.safetensors is no whole")));
  EXPECT_EQ(outcome.workers[0].rounds.front(), 9);
}

// Checkpoints that cannot be written are warned of, and training goes on; the last one's absence is an error.
TEST_F(Resume, TrainingOutlivesAFullDisk) {
  WorkerOptions mine = kept(8);
  fs::create_directories(folder_ / "kept");
  for (const char* round : {"0", "4", "8"}) {  // in the way of each
    fs::create_directories(folder_ / "kept" / (std::string("worker-0-round-") + round + ".safetensors.part"));
  }
  const Outcome outcome = train(1, mine);
  EXPECT_THAT(outcome.workers[0].rounds, SizeIs(8));
  EXPECT_THAT(outcome.workers[0].warnings, SizeIs(3));
  EXPECT_THAT(outcome.workers[0].warnings[1], HasSubstr("no checkpoint of round 4: "));
  ASSERT_THAT(outcome.errors, SizeIs(1));
  EXPECT_THAT(outcome.errors[0], HasSubstr("worker-0: the last checkpoint is missing: "));
}

// Without --resume, a folder's earlier training is replaced, and a warning says so.
TEST_F(Resume, BeginsAnewWithoutBeingAsked) {
  ASSERT_THAT(train(1, kept(8)).errors, IsEmpty());
  const Outcome again = train(1, kept(4));
  ASSERT_THAT(again.errors, IsEmpty());
  EXPECT_EQ(again.workers[0].rounds.front(), 1);
  ASSERT_THAT(again.workers[0].warnings, SizeIs(1));
  EXPECT_THAT(again.workers[0].warnings[0], HasSubstr("has checkpoints of an earlier training, to round 8: they are"));
  EXPECT_FALSE(fs::exists(folder_ / "kept" / "worker-0-round-8.safetensors"));
  EXPECT_TRUE(fs::exists(folder_ / "kept" / "worker-0-round-4.safetensors"));
}

}  // namespace
}  // namespace geomx::trainer

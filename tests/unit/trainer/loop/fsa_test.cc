#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <vector>

#include "tests/support/distance.h"
#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "tests/unit/trainer/loop/guide_job.h"
#include "tests/unit/trainer/loop/local_training.h"
#include "trainer/data/slice.h"
#include "trainer/loop/worker.h"
#include "trainer/tensor/random.h"

// The whole hierarchy in one process: the guide's 12 roles as threads over the in-process transport.
namespace geomx::trainer {
namespace {

constexpr int kWorkers = 4;
constexpr long kRounds = 20;
constexpr std::size_t kBatch = 32;

using Values = std::vector<std::vector<float>>;  // one per tensor

Values copy(const Tensors& tensors) {
  Values values;
  for (std::size_t t = 0; t < tensors.count(); ++t) values.emplace_back(tensors[t].begin(), tensors[t].end());
  return values;
}

// Everything that a worker reports, kept.
class Recorder : public Observer {
 public:
  void phase(const std::string& name, long) override { phases.push_back(name); }
  void step(const StepReport& report, const Tensors& parameters) override {
    steps.push_back(report);
    after_round.push_back(copy(parameters));
  }
  void evaluation(const EvaluationReport& report) override { evaluations.push_back(report); }

  std::vector<std::string> phases;
  std::vector<StepReport> steps;
  std::vector<Values> after_round;
  std::vector<EvaluationReport> evaluations;
};

struct Outcome {
  std::vector<std::string> errors;  // "role: what"
  Recorder master;
  std::vector<Recorder> workers{kWorkers};
};

// 1,600 real images, so that the slices are 400 each and an epoch has 12 rounds.
void write_some_fashion_mnist(const std::filesystem::path& folder) {
  const Dataset real = load_dataset("fashion-mnist", Part::test);
  const auto put = [&](const std::string& part, std::uint32_t count) {
    const std::size_t bytes = count * real.shape.size();
    write_plain(
        folder / (part + "-images-idx3-ubyte"),
        idx_bytes(2051, {count, 28, 28}, {real.images.begin(), real.images.begin() + static_cast<long>(bytes)}));
    write_plain(folder / (part + "-labels-idx1-ubyte"),
                idx_bytes(2049, {count}, {real.labels.begin(), real.labels.begin() + count}));
  };
  put("train", 1600);
  put("t10k", 300);
}

WorkerOptions options_for(const std::filesystem::path& folder) {
  WorkerOptions options;
  options.data_dir = folder;
  options.batch_size = kBatch;
  options.rounds = kRounds;
  options.optimizer = "sgd";
  options.learning_rate = 0.05;
  options.seed = 11;
  options.timeout = 60;
  return options;
}

// `change` may alter a worker's options; `variables` are set for all.
Outcome train(const WorkerOptions& options, bool central_trains = false,
              const std::function<void(const GuideRole& role, WorkerOptions& mine)>& change = {},
              const std::map<std::string, std::string>& variables = {}) {
  Outcome outcome;
  if (central_trains) outcome.workers.resize(kWorkers + 1);
  outcome.errors = run_job(
      guide_roles(9092, central_trains), variables,
      [&](const GuideRole& role, const ps::NodeConfig& config, const ps::TransportFactory& transport) {
        WorkerOptions mine = options;
        if (role.data_slice >= 0) mine.data_slice = static_cast<std::size_t>(role.data_slice);
        if (change) change(role, mine);
        run_worker(config, mine, role.data_slice < 0 ? outcome.master : outcome.workers[role.data_slice], transport);
      });
  return outcome;
}

bool same_bits(const Values& a, const Values& b) {
  for (std::size_t t = 0; t < a.size(); ++t) {
    if (a[t].size() != b[t].size() || std::memcmp(a[t].data(), b[t].data(), a[t].size() * sizeof(float)) != 0)
      return false;
  }
  return a.size() == b.size();
}

class Fsa : public testing::Test {
 protected:
  Fsa() { write_some_fashion_mnist(folder_.path()); }

  // What each worker reads in each round, in one place.
  struct Streams {
    Streams(const std::filesystem::path& folder, const WorkerOptions& options)
        : whole(load_dataset("fashion-mnist", Part::train, folder)) {
      for (std::size_t i = 0; i < kWorkers; ++i)
        slices.push_back(take_slice(whole, {i, kWorkers, {options.split, options.dirichlet_alpha, options.seed}}));
      for (std::size_t i = 0; i < kWorkers; ++i)
        batches.emplace_back(slices[i], kBatch, options.seed, i, options.augment);
    }
    Dataset whole;
    std::vector<Dataset> slices;
    std::vector<Batches> batches;
  };

  LocalTraining alone(const Streams& streams, std::size_t batch, const WorkerOptions& options) {
    ps::proto::OptimizerConfig config = optimizer(options.optimizer.c_str(), options.learning_rate, options.momentum);
    config.set_nesterov(options.nesterov);
    config.mutable_schedule()->set_warmup(options.schedule.warmup);
    return {make_model("cnn", streams.whole.shape.dims(), streams.whole.classes), batch, config, options.seed};
  }

  // One process that trains on the four batches of each round put together.
  Values train_on_concatenated_batches(const WorkerOptions& options) {
    Streams streams(folder_.path(), options);
    LocalTraining training = alone(streams, kWorkers * kBatch, options);
    for (long round = 0; round < kRounds; ++round) {
      std::vector<float> images;
      std::vector<std::uint8_t> labels;
      for (Batches& stream : streams.batches) {
        const Batch& part = stream.next();
        images.insert(images.end(), part.images.begin(), part.images.end());
        labels.insert(labels.end(), part.labels.begin(), part.labels.end());
      }
      training.step({images, labels});
    }
    return copy(training.parameters());
  }

  // One process that computes the four gradients one after the other and adds them as the parties do.
  Values train_on_four_batches(const WorkerOptions& options) {
    Streams streams(folder_.path(), options);
    LocalTraining training = alone(streams, kBatch, options);
    for (long round = 0; round < kRounds; ++round) {
      std::vector<Values> gradients;
      for (Batches& stream : streams.batches) {
        gradients.push_back(training.gradient(stream.next()));
        if (options.clip_norm) clip(gradients.back(), *options.clip_norm);
      }
      for (std::size_t t = 0; t < gradients[0].size(); ++t) {
        for (std::size_t i = 0; i < gradients[0][t].size(); ++i) {
          gradients[0][t][i] = (gradients[0][t][i] + gradients[1][t][i]) + (gradients[2][t][i] + gradients[3][t][i]);
        }
      }
      training.update(gradients[0], 1.0f / kWorkers);
    }
    return copy(training.parameters());
  }

  static void clip(Values& gradient, double most) {
    double squares = 0;
    for (const auto& tensor : gradient) {
      for (const float value : tensor) squares += static_cast<double>(value) * value;
    }
    ++gradients_;
    if (std::sqrt(squares) <= most) return;
    ++clipped_;
    const auto scale = static_cast<float>(most / std::sqrt(squares));
    for (auto& tensor : gradient) {
      for (float& value : tensor) value *= scale;
    }
  }

  inline static int gradients_ = 0;
  inline static int clipped_ = 0;
  TemporaryFolder folder_;
};

// Rounds overlap: a layer's forward pass begins when its own parameters are there. Nothing else changes.
TEST_F(Fsa, PriorityPropagationChangesNoBit) {
  WorkerOptions options = options_for(folder_.path());
  options.evaluate_every = 7;
  const Outcome plain = train(options);
  const Outcome overlapped = train(options, false, {}, {{"ENABLE_P3", "1"}, {"GEOMX_P3_SLICE", "4096"}});
  ASSERT_EQ(overlapped.errors, std::vector<std::string>{});
  for (std::size_t worker = 0; worker < kWorkers; ++worker) {
    const Recorder& mine = overlapped.workers[worker];
    ASSERT_EQ(mine.steps.size(), static_cast<std::size_t>(kRounds));
    for (long round = 0; round < kRounds; ++round) {
      EXPECT_TRUE(same_bits(mine.after_round[round], plain.workers[worker].after_round[round])) << round + 1;
      EXPECT_EQ(mine.steps[round].round, round + 1);
    }
  }
  ASSERT_EQ(overlapped.workers[0].evaluations.size(), plain.workers[0].evaluations.size());
}

TEST_F(Fsa, ReplicasAreBitIdenticalAfterEachRound) {
  const WorkerOptions options = options_for(folder_.path());
  const Outcome outcome = train(options);
  ASSERT_EQ(outcome.errors, std::vector<std::string>{});
  for (const Recorder& worker : outcome.workers) {
    ASSERT_EQ(worker.after_round.size(), static_cast<std::size_t>(kRounds));
    EXPECT_EQ(worker.phases, (std::vector<std::string>{"ready", "training", "finished"}));
    for (long round = 0; round < kRounds; ++round) {
      EXPECT_TRUE(same_bits(worker.after_round[round], outcome.workers[0].after_round[round])) << "round " << round + 1;
      EXPECT_EQ(worker.steps[round].round, round + 1);
      EXPECT_EQ(worker.steps[round].epoch, round / 12);
    }
  }
  EXPECT_FALSE(same_bits(outcome.workers[0].after_round[18], outcome.workers[0].after_round[19]));
  EXPECT_NE(outcome.workers[0].steps[0].loss, outcome.workers[1].steps[0].loss);  // each has a slice of its own

  // The worker of slice 0 evaluates, after the epoch of 12 rounds and at the end; the master does not train.
  ASSERT_EQ(outcome.workers[0].evaluations.size(), 2u);
  EXPECT_EQ(outcome.workers[0].evaluations[0].round, 12);
  EXPECT_EQ(outcome.workers[0].evaluations[0].epoch, 1);
  EXPECT_EQ(outcome.workers[0].evaluations[1].round, 20);
  EXPECT_EQ(outcome.workers[0].evaluations[1].samples, 300u);
  for (int i = 1; i < kWorkers; ++i) EXPECT_TRUE(outcome.workers[i].evaluations.empty());
  EXPECT_TRUE(outcome.master.steps.empty());
  EXPECT_EQ(outcome.master.phases, (std::vector<std::string>{"ready", "finished"}));
}

// Networks with ReLU have kinks. Batches of 128 add up in another order than 4 x 32 do, which moves parameters by 1e-8;
// now and then that is enough to put one activation on the other side of its kink in one of the two trainings, whose
// difference then grows a thousandfold and more. (With these seeds it does not happen here; on a processor where oneDNN
// adds in yet another order it may, for one of them, hence two of three.) That nothing else differs is what the
// bit-for-bit tests below show.
TEST_F(Fsa, IsLikeOneProcessOnConcatenatedBatches) {
  int alike = 0;
  for (const std::uint64_t seed : {1u, 5u, 9u}) {
    WorkerOptions options = options_for(folder_.path());
    options.learning_rate = 0.01;
    options.seed = seed;
    const Outcome outcome = train(options);
    ASSERT_EQ(outcome.errors, std::vector<std::string>{});
    const Values alone = train_on_concatenated_batches(options);
    double largest = 0;
    for (std::size_t t = 0; t < alone.size(); ++t) {
      largest = std::max(largest, test::distance(outcome.workers[0].after_round.back()[t], alone[t]));
    }
    RecordProperty("seed_" + std::to_string(seed), std::to_string(largest));
    EXPECT_LT(largest, 2e-2) << "seed " << seed;  // more than any kink (0.009 of ten seeds): something is wrong
    alike += largest < 1e-5 ? 1 : 0;
  }
  EXPECT_GE(alike, 2);
}

// With the order of additions the same, every bit is the same: no gradient is lost, counted twice, late, or of another
// batch.
TEST_F(Fsa, IsBitForBitOneProcessThatAddsInTheSameOrder) {
  struct Case {
    const char* optimizer;
    double learning_rate;
    double momentum;
    SplitKind split = SplitKind::contiguous;
    bool nesterov = false;
    std::uint64_t warmup = 0;
    std::optional<double> clip_norm{};
  };
  for (const Case& c :
       {Case{"sgd", 0.05, 0}, Case{"sgd", 0.01, 0.9, SplitKind::by_class}, Case{"adam", 0.001, 0, SplitKind::dirichlet},
        Case{"sgd", 0.05, 0.9, SplitKind::contiguous, true, 8, 1.0}}) {
    WorkerOptions options = options_for(folder_.path());
    options.optimizer = c.optimizer;
    options.learning_rate = c.learning_rate;
    options.momentum = c.momentum;
    options.split = c.split;
    options.prefetch = c.split == SplitKind::dirichlet;  // which changes nothing
    options.augment = c.split == SplitKind::dirichlet ? Augment::flip_crop : Augment::none;
    options.nesterov = c.nesterov;
    options.schedule.warmup = c.warmup;
    options.clip_norm = c.clip_norm;
    const Outcome outcome = train(options);
    ASSERT_EQ(outcome.errors, std::vector<std::string>{});
    EXPECT_TRUE(same_bits(outcome.workers[2].after_round.back(), train_on_four_batches(options)))
        << c.optimizer << " momentum " << c.momentum;
  }
  EXPECT_GT(clipped_, 0);  // some, and not all: else the last case would show less
  EXPECT_LT(clipped_, gradients_);
}

TEST_F(Fsa, SameSeedGivesTheSameFinalBytes) {
  WorkerOptions options = options_for(folder_.path());
  options.optimizer = "adam";
  options.learning_rate = 0.001;
  const Outcome first = train(options);
  const Outcome second = train(options);
  options.seed = 12;
  const Outcome other = train(options);
  for (const Outcome* outcome : {&first, &second, &other}) ASSERT_EQ(outcome->errors, std::vector<std::string>{});
  EXPECT_TRUE(same_bits(first.workers[3].after_round.back(), second.workers[3].after_round.back()));
  EXPECT_FALSE(same_bits(first.workers[3].after_round.back(), other.workers[3].after_round.back()));
}

TEST_F(Fsa, TheCentralMasterTrainsLikeTheOthers) {
  const WorkerOptions options = options_for(folder_.path());
  const Outcome outcome = train(options, true);
  ASSERT_EQ(outcome.errors, std::vector<std::string>{});
  for (const Recorder& worker : outcome.workers) {
    ASSERT_EQ(worker.steps.size(), static_cast<std::size_t>(kRounds));
    for (std::size_t round = 0; round < kRounds; ++round) {
      EXPECT_TRUE(same_bits(worker.after_round[round], outcome.workers[0].after_round[round])) << "round " << round + 1;
    }
  }
  EXPECT_NE(outcome.workers[4].steps[0].loss, outcome.workers[0].steps[0].loss);
}

// One worker whose options differ ends the job before the first round.
TEST_F(Fsa, WorkersThatDoNotFitTogetherAreRefusedAtTheStart) {
  WorkerOptions options = options_for(folder_.path());
  options.rounds.reset();
  options.epochs = 2;  // 24 steps each
  const auto refused = [&](bool central_trains, const auto& change, const std::string& line) {
    const Outcome outcome = train(options, central_trains, change);
    EXPECT_EQ(outcome.errors.size(), 12u);
    for (const std::string& error : outcome.errors) EXPECT_NE(error.find(line), std::string::npos) << error;
    for (const Recorder& worker : outcome.workers) EXPECT_TRUE(worker.steps.empty());
  };
  refused(
      false,
      [](const GuideRole& role, WorkerOptions& mine) {
        if (role.name == "b-worker-1") mine.epochs = 1;
      },
      " would train for 12 steps, and worker 0 (");
  refused(
      false,
      [](const GuideRole& role, WorkerOptions& mine) {
        if (role.name == "b-worker-1") mine.batch_size = 100;
      },
      " would train for 8 steps, and worker 0 (");
  refused(
      false,
      [](const GuideRole& role, WorkerOptions& mine) {
        if (role.name == "b-worker-1") mine.data_slice = 1;
      },
      " train on data slice 1: each worker needs one of its own");
  refused(
      true,
      [](const GuideRole& role, WorkerOptions& mine) {
        if (role.name == "master") mine.data_slice.reset();
      },
      " has no data slice, but every worker of its party trains");
}

// Its header is right, so that this shows only when it is read, after joining: the others are told. (One worker of each
// party has it: nobody shall be in a round, whose arrays this network hands over by pointer, when all end.)
TEST_F(Fsa, DataThatTurnsOutToBeDamagedEndsTheJobWithItsLine) {
  const TemporaryFolder damaged;
  write_dataset(damaged.path(), 1600);
  // As large, compressed, as the whole might be: only reading it tells.
  std::string noise(5000, '\0');
  Random random(1);
  for (char& byte : noise) byte = static_cast<char>(random.next());
  std::filesystem::remove(damaged / "train-images-idx3-ubyte");
  write_gz(damaged / "train-images-idx3-ubyte.gz", idx_bytes(2051, {1600, 28, 28}, noise));
  const Outcome outcome = train(options_for(folder_.path()), false, [&](const GuideRole& role, WorkerOptions& mine) {
    if (role.name == "a-worker-1" || role.name == "b-worker-1") mine.data_dir = damaged.path();
  });
  EXPECT_GE(outcome.errors.size(), 11u);  // the master may have done its part
  const std::string line = "train-images-idx3-ubyte.gz: 1254416 bytes wanted, 5016 found: the file is truncated";
  for (const std::string& error : outcome.errors) EXPECT_NE(error.find(line), std::string::npos) << error;
}

TEST(WorkerOptionsAreChecked, BeforeTheNetworkIsTouched) {
  const TemporaryFolder folder;
  write_dataset(folder.path(), 100);
  ps::NodeConfig config;
  config.num_all_workers = 2;
  const auto error_of = [&](auto change) -> std::string {
    WorkerOptions options = options_for(folder.path());
    options.data_slice = 0;
    change(options);
    Recorder recorder;
    const auto no_network = []() -> std::unique_ptr<ps::Transport> {
      throw std::logic_error("the network was touched");
    };
    try {
      run_worker(config, options, recorder, no_network);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of([](WorkerOptions& o) { o.data_slice.reset(); }),
            "--data-slice-idx is missing: 2 workers train (DMLC_NUM_ALL_WORKER), so it is 0..1");
  EXPECT_EQ(error_of([](WorkerOptions& o) { o.data_slice = 2; }),
            "data slice 2 does not exist: 2 workers train, so it is 0..1 (--data-slice-idx, DMLC_NUM_ALL_WORKER)");
  EXPECT_THAT(error_of([](WorkerOptions& o) { o.model = "vgg"; }),
              ::testing::StartsWith("model \"vgg\" is not known (cnn, "));
  EXPECT_EQ(error_of([](WorkerOptions& o) { o.rounds = 0; }), "--rounds is 0, at least 1 wanted");
  EXPECT_EQ(error_of([](WorkerOptions& o) { o.batch_size = 51; }),
            "a batch of 51 cannot be taken from a slice of 50 samples (--batch-size)");
  EXPECT_EQ(error_of([](WorkerOptions& o) { o.optimizer = "lion"; }),
            "optimizer \"lion\" is unknown (sgd, adam or adamw)");
  EXPECT_NE(error_of([&](WorkerOptions& o) { o.data_dir = folder / "absent"; }).find("./bootstrap data"),
            std::string::npos);
  EXPECT_EQ(error_of([](WorkerOptions& o) {
              o.dataset = "text";
              o.split = SplitKind::dirichlet;
            }),
            "data set text has no classes by which it could be split (--split contiguous)");
  EXPECT_EQ(error_of([](WorkerOptions& o) {
              o.device = "cpu";
              o.precision = Precision::tf32;
            }),
            "--precision tf32 is of cards; of the CPU, fp32 or bf16");
  EXPECT_EQ(error_of([](WorkerOptions& o) {
              o.dataset = "text";
              o.augment = Augment::flip_crop;
            }),
            "text cannot be mirrored and moved (--augment none)");
  // And the check of this test itself: with nothing wrong the network is what comes next.
  EXPECT_NE(error_of([](WorkerOptions&) {}), "no error");
}

}  // namespace
}  // namespace geomx::trainer

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "tests/unit/trainer/loop/guide_job.h"
#include "trainer/cost/profile.h"
#include "trainer/loop/worker.h"
#include "trainer/tensor/error.h"

// Workers that compute nothing, in the guide's hierarchy of 12 roles.
namespace geomx::trainer {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr long kRounds = 4;
constexpr std::size_t kBatch = 16;

class Reports : public Observer {
 public:
  void phase(const std::string& name, long) override { phases.push_back(name); }
  void step(const StepReport& report, const Tensors& parameters) override {
    steps.push_back(report);
    values = values || parameters.has_values();
  }
  void evaluation(const EvaluationReport&) override { ++evaluations; }
  void replica(long, const Tensors&) override { ++replicas; }

  std::vector<std::string> phases;
  std::vector<StepReport> steps;
  bool values = false;
  int evaluations = 0;
  int replicas = 0;
};

struct Outcome {
  std::vector<std::string> errors;
  Reports master;
  std::vector<Reports> workers{4};
};

class CostJob : public testing::Test {
 protected:
  // A step computes for 3 ms. Of its tensors one is split and one is small.
  CostJob() {
    Profile profile{
        "small", "by hand", kBatch, {{{"a", {3000}}, 0.5, 1}, {{"b", {7}}, 0, 0}, {{"c", {40, 5}}, 0.5, 1}}};
    write_profile(folder_ / "profile.json", profile);
    options_.device = "model";
    options_.cost.profile = (folder_ / "profile.json").string();
    options_.batch_size = kBatch;
    options_.rounds = kRounds;
    options_.optimizer = "sgd";
    options_.timeout = 60;
  }

  Outcome train(Environment variables) {
    variables.emplace("MXNET_KVSTORE_BIGARRAY_BOUND", "2000");
    Outcome outcome;
    outcome.errors = run_job(
        guide_roles(9092), variables,
        [&](const GuideRole& role, const ps::NodeConfig& config, const ps::TransportFactory& transport) {
          WorkerOptions mine = options_;
          if (role.data_slice >= 0) mine.data_slice = static_cast<std::size_t>(role.data_slice);
          run_worker(config, mine, role.data_slice < 0 ? outcome.master : outcome.workers[role.data_slice], transport);
        });
    return outcome;
  }

  TemporaryFolder folder_;
  WorkerOptions options_;
};

struct Job {
  const char* name;
  Environment variables;
  std::size_t steps = 1;  // of a round; 0: as many as ESync says
};

class CostJobs : public CostJob, public testing::WithParamInterface<Job> {};

TEST_P(CostJobs, GoThroughEveryRoundAndInventNoLoss) {
  const Outcome outcome = train(GetParam().variables);
  ASSERT_THAT(outcome.errors, IsEmpty());
  for (const Reports& worker : outcome.workers) {
    EXPECT_THAT(worker.phases, ElementsAre("ready", "training", "finished"));
    ASSERT_EQ(worker.steps.size(), static_cast<std::size_t>(kRounds));
    for (long i = 0; i < kRounds; ++i) {
      const StepReport& step = worker.steps[static_cast<std::size_t>(i)];
      EXPECT_EQ(step.round, i + 1);
      EXPECT_EQ(step.epoch, 0);
      EXPECT_FALSE(step.loss);
      if (GetParam().steps > 0) {
        EXPECT_EQ(step.samples, kBatch * GetParam().steps);
      }
      EXPECT_GE(step.compute_ms, 2.9 * static_cast<double>(step.samples) / kBatch);
    }
    EXPECT_FALSE(worker.values);
    EXPECT_EQ(worker.evaluations + worker.replicas, 0);
  }
  EXPECT_THAT(outcome.master.steps, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Of, CostJobs,
    testing::Values(
        Job{"fsa", {}}, Job{"p3", {{"ENABLE_P3", "1"}, {"GEOMX_P3_SLICE", "256"}}},
        Job{"mixed", {{"GEOMX_SYNC", "mixed"}}},
        Job{"hfa", {{"GEOMX_SYNC", "hfa"}, {"MXNET_KVSTORE_HFA_K1", "3"}, {"MXNET_KVSTORE_HFA_K2", "2"}}, 3},
        Job{"diloco", {{"GEOMX_SYNC", "diloco"}, {"GEOMX_DILOCO_STEPS", "2"}}, 2},
        Job{"esync", {{"GEOMX_SYNC", "esync"}, {"GEOMX_ESYNC_MAX_STEPS", "3"}}, 0},
        Job{"fp16", {{"GEOMX_CODEC", "fp16"}}}, Job{"twobit", {{"GEOMX_CODEC", "2bit"}}},
        Job{"bisparse", {{"GEOMX_CODEC", "bisparse"}}}, Job{"mpq", {{"GEOMX_CODEC", "mpq"}}},
        Job{"tsengine", {{"ENABLE_INTRA_TS", "1"}, {"ENABLE_INTER_TS", "1"}}},
        Job{"dgt", {{"ENABLE_DGT", "2"}, {"ADAPTIVE_K_FLAG", "1"}}}),
    [](const auto& each) { return each.param.name; });

TEST_F(CostJob, AStragglerTakesAsLongAsItIsTold) {
  options_.cost.compute_seconds = 0.03;
  Outcome outcome;
  outcome.errors =
      run_job(guide_roles(9092), {},
              [&](const GuideRole& role, const ps::NodeConfig& config, const ps::TransportFactory& make) {
                WorkerOptions mine = options_;
                if (role.data_slice >= 0) mine.data_slice = static_cast<std::size_t>(role.data_slice);
                if (role.data_slice == 2) mine.cost.straggler = 4;
                run_worker(config, mine, role.data_slice < 0 ? outcome.master : outcome.workers[role.data_slice], make);
              });
  ASSERT_THAT(outcome.errors, IsEmpty());
  for (std::size_t worker = 0; worker < 4; ++worker) {
    for (const StepReport& step : outcome.workers[worker].steps) {
      EXPECT_GE(step.compute_ms, worker == 2 ? 119.9 : 29.9);
      // Who is done waits for who is not.
      if (worker != 2) {
        EXPECT_GE(step.compute_ms + step.communicate_ms, 100);
      }
    }
  }
}

TEST_F(CostJob, AnInterruptEndsAWorkerInTheMiddleOfAStep) {
  options_.cost.compute_seconds = 3600;
  ps::Interrupt interrupt;
  std::atomic<int> training = 0;
  class Started : public Observer {
   public:
    Started(std::atomic<int>& training, ps::Interrupt& interrupt) : training_(training), interrupt_(interrupt) {}
    void phase(const std::string& name, long) override {
      // The last of the four that trains ends itself; the step begins meanwhile, or does not begin any more.
      if (name == "training" && ++training_ == 4) {
        ended_ = std::async(std::launch::async, [this] { interrupt_.raise("ended by SIGINT"); });
      }
    }
    void step(const StepReport&, const Tensors&) override {}
    void evaluation(const EvaluationReport&) override {}

   private:
    std::atomic<int>& training_;
    ps::Interrupt& interrupt_;
    std::future<void> ended_;
  };
  const auto start = std::chrono::steady_clock::now();
  const std::vector<std::string> errors =
      run_job(guide_roles(9092), {},
              [&](const GuideRole& role, const ps::NodeConfig& config, const ps::TransportFactory& transport) {
                WorkerOptions mine = options_;
                if (role.data_slice >= 0) mine.data_slice = static_cast<std::size_t>(role.data_slice);
                Started observer(training, interrupt);
                run_worker(config, mine, observer, transport, role.data_slice == 1 ? &interrupt : nullptr);
              });
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  // The one that was interrupted, and those who heard of it in the middle of their steps.
  ASSERT_GE(errors.size(), 4u);
  EXPECT_THAT(errors, Each(HasSubstr("ended by SIGINT")));
}

TEST_F(CostJob, SaysWhatIsMissingBeforeTheNetworkIsTouched) {
  const auto refusal = [](const WorkerOptions& options) -> std::string {
    ps::NodeConfig config;
    config.num_all_workers = 1;
    Reports reports;
    try {
      run_worker(config, options, reports);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  WorkerOptions options = options_;
  options.rounds.reset();
  EXPECT_EQ(refusal(options), "--rounds is missing: device model has no data, and so no epochs");
  options = options_;
  options.cost.profile.clear();
  EXPECT_EQ(refusal(options), "--profile is missing: device model computes by a profile");
  options = options_;
  options.cost.profile = "vgg19";
  EXPECT_THAT(refusal(options), HasSubstr("no profile has that name"));
  options = options_;
  options.parameters_out = "parameters";
  EXPECT_THAT(refusal(options), HasSubstr("--parameters-out"));
  options = options_;
  options.record_profile = "profile";
  EXPECT_THAT(refusal(options), HasSubstr("--record-profile"));
  options = options_;
  options.device = "cuda:1";
  EXPECT_THAT(refusal(options), HasSubstr("--device cuda:1: there is no"));
  options.device = "cuda:x";
  EXPECT_EQ(refusal(options), "--device cuda:x is not known (auto, cpu, cuda:N or model)");
}

}  // namespace
}  // namespace geomx::trainer

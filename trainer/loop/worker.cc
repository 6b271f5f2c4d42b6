#include "trainer/loop/worker.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ps/optim/optimizer.h"
#include "ps/worker/replica.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/data/batches.h"
#include "trainer/data/dataset.h"
#include "trainer/data/slice.h"
#include "trainer/loop/evaluate.h"
#include "trainer/loop/parameters_file.h"
#include "trainer/loop/waits.h"
#include "trainer/model/architecture.h"
#include "trainer/model/initial.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

ps::proto::OptimizerConfig optimizer_config(const WorkerOptions& options, ps::SyncName sync) {
  ps::proto::OptimizerConfig config;
  const char* left_out = sync == ps::SyncName::diloco ? "adamw" : "adam";
  config.set_name(options.optimizer.empty() ? left_out : options.optimizer);
  config.set_learning_rate(options.learning_rate);
  config.set_momentum(options.momentum);
  config.set_weight_decay(options.weight_decay);
  ps::validate(config);
  return config;
}

// How long training takes, as the headers of the data set's files say it.
struct Schedule {
  long per_epoch = 0;  // steps
  // One of the two, the other is 0.
  long rounds = 0;
  long steps = 0;
};

Schedule schedule(const WorkerOptions& options, std::size_t workers) {
  const std::size_t samples = count_samples(options.dataset, Part::train, options.data_dir);
  const std::size_t slice = slice_size(samples, *options.data_slice, workers);
  const auto per_epoch = static_cast<long>(batches_per_epoch(slice, options.batch_size));
  if (*options.data_slice == 0) count_samples(options.dataset, Part::test, options.data_dir);
  if (options.rounds) return {per_epoch, *options.rounds, 0};
  return {per_epoch, 0, options.epochs * per_epoch};
}

// All that training needs besides the parameter server.
class Trainer {
 public:
  Trainer(const WorkerOptions& options, const Schedule& schedule, const Architecture& model, std::size_t workers)
      : slice_(take_slice(load_dataset(options.dataset, Part::train, options.data_dir), *options.data_slice, workers,
                          options.split_by_class)),
        batches_(slice_, options.batch_size, options.seed, *options.data_slice),
        per_epoch_(schedule.per_epoch),
        evaluate_every_(options.evaluate_every),
        backend_(make_cpu_backend(model, options.batch_size, options.threads)) {
    if (*options.data_slice == 0) {
      test_ = std::make_unique<Dataset>(load_dataset(options.dataset, Part::test, options.data_dir));
    }
  }

  Tensors& parameters() { return backend_->parameters(); }

  // Pulls the parameters.
  void begin(ps::Session& session) {
    std::vector<std::span<float>> tensors;
    for (std::size_t t = 0; t < parameters().count(); ++t) tensors.push_back(parameters()[t]);
    replica_ = std::make_unique<ps::Replica>(session.kv(), session.job(), std::move(tensors));
    overlaps_ = session.job().flow.p3.enabled;
    if (overlaps_) replica_->overlap_rounds();
    replica_->pull();
  }

  void train(long rounds, Observer& observer) {
    for (long round = 1; round <= rounds; ++round) {
      const long epochs = completed_epochs();
      train_round(round, observer);
      const bool due =
          round == rounds || completed_epochs() > epochs || (evaluate_every_ > 0 && round % evaluate_every_ == 0);
      if (due || !overlaps_) settle(observer);
      if (test_ && due) evaluate_now(round, observer);
    }
  }

 private:
  long completed_epochs() const { return static_cast<long>(replica_->steps()) / per_epoch_; }

  // One step, or as many as the algorithm makes between two exchanges. Where rounds overlap, the parameters of the last
  // one come during the first step's forward pass, and its report with the last of them.
  void train_round(long round, Observer& observer) {
    StepReport report{.round = round};
    double loss = 0;
    for (bool finished = false; !finished;) {
      const Batch batch = batches_.next(backend_->images());
      report.epoch = completed_epochs();
      const auto start = Clock::now();
      Clock::duration waited{};
      const auto needed = [&](std::size_t tensor) {
        const auto asked = Clock::now();
        replica_->need(static_cast<std::uint32_t>(tensor));
        const auto there = Clock::now();
        waited += there - asked;
        waits_.push_back({asked, there});
        if (tensor + 1 == parameters().count()) tell(observer);
      };
      // Keys count from the input on. The last layers' gradients are ready first and travel while the rest is computed.
      const double mean = backend_->step(batch, needed, [&](std::size_t tensor) {
        replica_->learn(static_cast<std::uint32_t>(tensor), backend_->gradients()[tensor]);
      });
      const auto computed = Clock::now();
      replica_->tell_loss(mean);
      finished = replica_->finish_step();
      if (finished) waits_ = {{computed, Clock::now()}};
      report.compute_ms += milliseconds(computed - start - waited);
      loss += mean * static_cast<double>(batch.size());
      report.samples += batch.size();
    }
    report.loss = loss / static_cast<double>(report.samples);
    report_ = report;
  }

  // All parameters of the last round are here.
  void tell(Observer& observer) {
    if (!report_) return;
    split_waits(waits_, replica_->take_road_times(), *report_);
    observer.step(*std::exchange(report_, std::nullopt), backend_->parameters());
  }

  void settle(Observer& observer) {
    const auto start = Clock::now();
    replica_->settle();
    waits_.push_back({start, Clock::now()});
    tell(observer);
  }

  void evaluate_now(long round, Observer& observer) {
    const auto start = Clock::now();
    const auto score = evaluate(*backend_, *test_);
    const auto samples = static_cast<double>(score.samples);
    observer.evaluation({round, completed_epochs(), static_cast<double>(score.correct) / samples, score.loss / samples,
                         score.samples, milliseconds(Clock::now() - start)});
  }

  Dataset slice_;
  Batches batches_;
  long per_epoch_;  // steps
  long evaluate_every_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Dataset> test_;  // of the worker that evaluates
  std::unique_ptr<ps::Replica> replica_;
  bool overlaps_ = false;             // a round begins before the last one's parameters are all here (P3)
  std::optional<StepReport> report_;  // of the last round, until they are
  std::vector<Wait> waits_;           // since that ended, for them
};

void initialise(ps::KvWorker& kv, const ps::proto::OptimizerConfig& optimizer, const Tensors& initial) {
  kv.configure(optimizer);
  for (std::size_t t = 0; t < initial.count(); ++t) kv.init(static_cast<std::uint32_t>(t), initial[t]);
  kv.wait_all();
}

void require_positive(const char* option, long value) {
  if (value < 1) throw Error(std::string(option) + " is " + std::to_string(value) + ", at least 1 wanted");
}

// A worker has a slice; it may be left out where there is no choice.
WorkerOptions with_slice(const ps::NodeConfig& config, WorkerOptions options) {
  if (options.data_slice || config.master_worker) return options;
  if (config.num_all_workers > 1) {
    throw Error("--data-slice-idx is missing: " + std::to_string(config.num_all_workers) +
                " workers train (DMLC_NUM_ALL_WORKER), so it is 0.." + std::to_string(config.num_all_workers - 1));
  }
  options.data_slice = 0;
  return options;
}

// What outlives the session: should that end in an error, the transport may still be reading from here.
struct Memory {
  std::optional<Tensors> initial;    // of the master worker
  std::unique_ptr<Trainer> trainer;  // of a worker that trains
};

}  // namespace

void run_worker(const ps::NodeConfig& node, const WorkerOptions& given, Observer& observer,
                const ps::TransportFactory& make_transport, ps::Interrupt* interrupt) {
  const WorkerOptions options = with_slice(node, given);
  require_positive("--epoch", options.epochs);
  require_positive("--batch-size", static_cast<long>(options.batch_size));
  if (options.rounds) require_positive("--rounds", *options.rounds);
  optimizer_config(options, ps::SyncName::fsa);
  const auto kind = dataset_kind(options.dataset);
  const Architecture model = make_model(options.model, kind.shape, kind.classes);
  const auto workers = static_cast<std::size_t>(node.num_all_workers);
  const Schedule plan = options.data_slice ? schedule(options, workers) : Schedule();

  Memory memory;
  ps::Session session(node,
                      {.slice = options.data_slice,
                       .rounds = static_cast<std::uint64_t>(plan.rounds),
                       .steps = static_cast<std::uint64_t>(plan.steps),
                       .timeout = std::chrono::duration<double>(options.timeout),
                       .interrupt = interrupt},
                      make_transport);
  const long rounds = options.data_slice ? static_cast<long>(session.rounds()) : 0;
  try {
    if (options.data_slice) memory.trainer = std::make_unique<Trainer>(options, plan, model, workers);
    if (session.master()) {
      memory.initial.emplace(model.parameters());
      xavier_uniform(*memory.initial, options.seed);
      initialise(session.kv(), optimizer_config(options, session.job().sync.name), *memory.initial);
    }
    if (memory.trainer) memory.trainer->begin(session);
    session.barrier("initialised");
    observer.phase("ready", rounds);
    if (memory.trainer) {
      observer.phase("training", rounds);
      memory.trainer->train(rounds, observer);
    }
  } catch (const std::exception& error) {
    session.fail(error.what());
    throw;
  }
  session.leave();
  if (memory.trainer && options.parameters_out) {
    write_parameters(*options.parameters_out, memory.trainer->parameters());
  }
  observer.phase("finished", rounds);
}

}  // namespace geomx::trainer

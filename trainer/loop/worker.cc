#include "trainer/loop/worker.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ps/optim/optimizer.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/data/batches.h"
#include "trainer/data/dataset.h"
#include "trainer/data/slice.h"
#include "trainer/loop/evaluate.h"
#include "trainer/loop/parameters_file.h"
#include "trainer/model/architecture.h"
#include "trainer/model/initial.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

ps::proto::OptimizerConfig optimizer_config(const WorkerOptions& options) {
  ps::proto::OptimizerConfig config;
  config.set_name(options.optimizer);
  config.set_learning_rate(options.learning_rate);
  config.set_momentum(options.momentum);
  config.set_weight_decay(options.weight_decay);
  ps::validate(config);
  return config;
}

// How long training takes, as the headers of the data set's files say it.
struct Schedule {
  long per_epoch = 0;  // rounds
  long rounds = 0;
};

Schedule schedule(const WorkerOptions& options, std::size_t workers) {
  const std::size_t samples = count_samples(options.dataset, Part::train, options.data_dir);
  const std::size_t slice = slice_size(samples, *options.data_slice, workers);
  const auto per_epoch = static_cast<long>(batches_per_epoch(slice, options.batch_size));
  if (*options.data_slice == 0) count_samples(options.dataset, Part::test, options.data_dir);
  return {per_epoch, options.rounds ? *options.rounds : options.epochs * per_epoch};
}

// All that training needs besides the parameter server.
class Trainer {
 public:
  Trainer(const WorkerOptions& options, const Schedule& schedule, const Architecture& model, std::size_t workers)
      : slice_(take_slice(load_dataset(options.dataset, Part::train, options.data_dir), *options.data_slice, workers,
                          options.split_by_class)),
        batches_(slice_, options.batch_size, options.seed, *options.data_slice),
        per_epoch_(schedule.per_epoch),
        rounds_(schedule.rounds),
        evaluate_every_(options.evaluate_every),
        backend_(make_cpu_backend(model, options.batch_size, options.threads)) {
    if (*options.data_slice == 0) {
      test_ = std::make_unique<Dataset>(load_dataset(options.dataset, Part::test, options.data_dir));
    }
  }

  Tensors& parameters() { return backend_->parameters(); }

  void train(ps::KvWorker& kv, Observer& observer) {
    for (long round = 1; round <= rounds_; ++round) {
      const StepReport report = step(kv, round);
      observer.step(report, backend_->parameters());
      if (test_ && evaluation_is_due(round)) evaluate_now(round, observer);
    }
  }

 private:
  StepReport step(ps::KvWorker& kv, long round) {
    const Batch batch = batches_.next(backend_->images());
    const auto start = Clock::now();
    // Keys count from the input on. The last layers' gradients are ready first and travel while the rest is computed.
    const double loss = backend_->step(batch, [&](std::size_t tensor) {
      handles_.push_back(kv.push_pull(static_cast<std::uint32_t>(tensor), backend_->gradients()[tensor],
                                      backend_->parameters()[tensor]));
    });
    const auto computed = Clock::now();
    for (const auto handle : handles_) kv.wait(handle);
    handles_.clear();
    const auto done = Clock::now();
    return {round,        (round - 1) / per_epoch_,       loss,
            batch.size(), milliseconds(computed - start), milliseconds(done - computed)};
  }

  bool evaluation_is_due(long round) const {
    return round == rounds_ || round % per_epoch_ == 0 || (evaluate_every_ > 0 && round % evaluate_every_ == 0);
  }

  void evaluate_now(long round, Observer& observer) {
    const auto start = Clock::now();
    const auto score = evaluate(*backend_, *test_);
    const auto samples = static_cast<double>(score.samples);
    observer.evaluation({round, round / per_epoch_, static_cast<double>(score.correct) / samples, score.loss / samples,
                         score.samples, milliseconds(Clock::now() - start)});
  }

  Dataset slice_;
  Batches batches_;
  long per_epoch_;
  long rounds_;
  long evaluate_every_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Dataset> test_;  // of the worker that evaluates
  std::vector<ps::KvWorker::Handle> handles_;
};

void initialise(ps::KvWorker& kv, const ps::proto::OptimizerConfig& optimizer, const Tensors& initial) {
  kv.configure(optimizer);
  for (std::size_t t = 0; t < initial.count(); ++t) kv.init(static_cast<std::uint32_t>(t), initial[t]);
  kv.wait_all();
}

void pull(ps::KvWorker& kv, Tensors& parameters) {
  for (std::size_t t = 0; t < parameters.count(); ++t) kv.pull(static_cast<std::uint32_t>(t), parameters[t]);
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
  const auto optimizer = optimizer_config(options);
  const auto kind = dataset_kind(options.dataset);
  const Architecture model = make_model(options.model, kind.shape, kind.classes);
  const auto workers = static_cast<std::size_t>(node.num_all_workers);
  const Schedule plan = options.data_slice ? schedule(options, workers) : Schedule();

  Memory memory;
  ps::Session session(node,
                      {.slice = options.data_slice,
                       .rounds = static_cast<std::uint64_t>(plan.rounds),
                       .timeout = std::chrono::duration<double>(options.timeout),
                       .interrupt = interrupt},
                      make_transport);
  try {
    if (options.data_slice) memory.trainer = std::make_unique<Trainer>(options, plan, model, workers);
    if (session.master()) {
      memory.initial.emplace(model.parameters());
      xavier_uniform(*memory.initial, options.seed);
      initialise(session.kv(), optimizer, *memory.initial);
    }
    if (memory.trainer) pull(session.kv(), memory.trainer->parameters());
    session.barrier("initialised");
    observer.phase("ready", plan.rounds);
    if (memory.trainer) {
      observer.phase("training", plan.rounds);
      memory.trainer->train(session.kv(), observer);
    }
  } catch (const std::exception& error) {
    session.fail(error.what());
    throw;
  }
  session.leave();
  if (memory.trainer && options.parameters_out) {
    write_parameters(*options.parameters_out, memory.trainer->parameters());
  }
  observer.phase("finished", plan.rounds);
}

}  // namespace geomx::trainer

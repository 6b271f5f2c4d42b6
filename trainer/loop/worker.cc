#include "trainer/loop/worker.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ps/optim/optimizer.h"
#include "ps/worker/replica.h"
#include "trainer/cost/profile_recorder.h"
#include "trainer/data/batches.h"
#include "trainer/data/dataset.h"
#include "trainer/data/prefetch.h"
#include "trainer/data/slice.h"
#include "trainer/loop/checkpointing.h"
#include "trainer/loop/device.h"
#include "trainer/loop/evaluate.h"
#include "trainer/loop/waits.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using Clock = std::chrono::steady_clock;

// A worker that computes on the processor has no core to spare, as several share a machine: docs/training.md.
bool prefetches(const WorkerOptions& options, const Device& device) {
  return options.prefetch.value_or(device.kind == Device::Kind::cuda);
}

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

ps::proto::OptimizerConfig optimizer_config(const WorkerOptions& options, ps::SyncName sync) {
  ps::proto::OptimizerConfig config;
  const char* left_out = sync == ps::SyncName::diloco ? "adamw" : "adam";
  config.set_name(options.optimizer.empty() ? left_out : options.optimizer);
  config.set_learning_rate(options.learning_rate);
  config.set_momentum(options.momentum);
  config.set_nesterov(options.nesterov);
  config.set_weight_decay(options.weight_decay);
  ps::proto::LearningRateSchedule& schedule = *config.mutable_schedule();
  schedule.set_name(options.schedule.name);
  schedule.set_warmup(options.schedule.warmup);
  schedule.set_every(options.schedule.every);
  schedule.set_gamma(options.schedule.gamma);
  schedule.set_total(options.schedule.total);
  schedule.set_floor(options.schedule.floor);
  if (options.clip_norm) config.set_clip_norm(*options.clip_norm);
  if (options.clip_value) config.set_clip_value(*options.clip_value);
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

Schedule schedule(const WorkerOptions& options, const Device& device, std::size_t workers) {
  if (device.kind == Device::Kind::model) return {std::numeric_limits<long>::max(), *options.rounds, 0};
  const std::size_t samples = count_samples(options.dataset, Part::train, options.data_dir, options.context);
  const std::size_t slice = slice_size(samples, *options.data_slice, workers);
  const auto per_epoch = static_cast<long>(batches_per_epoch(slice, options.batch_size));
  if (*options.data_slice == 0) count_samples(options.dataset, Part::test, options.data_dir, options.context);
  if (options.rounds) return {per_epoch, *options.rounds, 0};
  return {per_epoch, 0, options.epochs * per_epoch};
}

Slice slice_of(const WorkerOptions& options, std::size_t workers) {
  return {*options.data_slice, workers, {options.split, options.dirichlet_alpha, options.seed}};
}

// What a worker learns from; the worker of data slice 0 evaluates, too.
class Data {
 public:
  Data(const WorkerOptions& options, const Device& device, std::size_t workers)
      : slice_(load_slice(options.dataset, slice_of(options, workers), options.data_dir, options.context)),
        batches_(slice_, options.batch_size, options.seed, *options.data_slice, options.augment),
        prefetches_(prefetches(options, device)) {
    if (*options.data_slice == 0) {
      test_ = std::make_unique<Dataset>(load_dataset(options.dataset, Part::test, options.data_dir, options.context));
    }
  }

  // From the batch on that follows so many.
  void begin(std::size_t behind, std::size_t images) {
    batches_.skip(behind);
    if (prefetches_) prefetch_.emplace([this](std::span<float> into) { return batches_.next(into); }, images);
  }
  Batch next(std::span<float> images) { return prefetch_ ? prefetch_->next(images) : batches_.next(images); }
  const Dataset* test() const { return test_.get(); }

 private:
  Dataset slice_;
  Batches batches_;
  const bool prefetches_;
  std::unique_ptr<Dataset> test_;     // of the worker that evaluates
  std::optional<Prefetch> prefetch_;  // on batches_, where it pays; the first to go
};

// All that training needs besides the parameter server.
class Trainer {
 public:
  Trainer(const WorkerOptions& options, const Schedule& schedule, const Device& device, const Subject& subject,
          std::size_t workers, Timer& timer)
      : blank_(subject.profile ? options.batch_size : 0),
        per_epoch_(schedule.per_epoch),
        evaluate_every_(options.evaluate_every),
        backend_(make_backend(device, subject, options, timer)) {
    if (subject.model) data_ = std::make_unique<Data>(options, device, workers);
    if (options.record_profile) {
      auto recorder = std::make_unique<ProfileRecorder>(std::move(backend_));
      recorder_ = recorder.get();
      backend_ = std::move(recorder);
    }
  }

  const ProfileRecorder* recorder() const { return recorder_; }
  long round() const { return static_cast<long>(replica_->round()); }
  Tensors& parameters() { return backend_->parameters(); }
  Backend& backend() { return *backend_; }

  // Pulls the parameters.
  void begin(ps::Session& session, long rounds, Checkpointing* checkpoints) {
    replica_ = make_replica(session);
    overlaps_ = session.job().flow.p3.enabled;
    if (overlaps_) replica_->overlap_rounds();
    replica_->pull();
    checkpoints_ = checkpoints;
    if (checkpoints_ != nullptr) {
      checkpoints_->begin(session, *replica_, *backend_, static_cast<std::uint64_t>(rounds));
    }
    backend_->set_step(replica_->steps());
    if (data_) data_->begin(replica_->steps(), backend_->images().size());  // behind those of a job that runs already
  }

  void train(long rounds, Observer& observer) {
    while (static_cast<long>(replica_->round()) < rounds) {
      const long epochs = completed_epochs();
      train_round(observer);
      const long round = static_cast<long>(replica_->round());
      const bool due =
          round == rounds || completed_epochs() > epochs || (evaluate_every_ > 0 && round % evaluate_every_ == 0);
      const bool keep = checkpoints_ != nullptr && checkpoints_->is_due(replica_->round());
      if (due || keep || !overlaps_) settle(observer);
      if (data_ && data_->test() != nullptr && due) evaluate_now(round, observer);
      if (keep) {
        checkpoints_->write(*replica_, *backend_);
        replica_->start_step();
      }
    }
  }

 private:
  std::unique_ptr<ps::Replica> make_replica(ps::Session& session) {
    if (!parameters().has_values()) {
      std::vector<ps::Placeholder> tensors;
      for (const TensorSpec& spec : parameters().specs()) tensors.push_back({spec.size()});
      return std::make_unique<ps::Replica>(session.kv(), session.job(), std::move(tensors));
    }
    std::vector<std::span<float>> tensors;
    for (std::size_t t = 0; t < parameters().count(); ++t) tensors.push_back(parameters()[t]);
    return std::make_unique<ps::Replica>(session.kv(), session.job(), std::move(tensors));
  }

  // Of a cost model, so many samples and nothing else.
  Batch next_batch() { return data_ ? data_->next(backend_->images()) : Batch{{}, blank_}; }

  long completed_epochs() const { return static_cast<long>(replica_->steps()) / per_epoch_; }

  // One step, or as many as the algorithm makes between two exchanges. Where rounds overlap, the parameters of the last
  // one come during the first step's forward pass, and its report with the last of them.
  void train_round(Observer& observer) {
    StepReport report;
    double loss = 0;
    for (bool finished = false; !finished;) {
      const Batch batch = next_batch();
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
      if (data_) replica_->tell_loss(mean);
      finished = replica_->finish_step();
      if (finished) waits_ = {{computed, Clock::now()}};
      report.compute_ms += milliseconds(computed - start - waited);
      loss += mean * static_cast<double>(batch.size());
      report.samples += batch.size();
    }
    report.round = static_cast<long>(replica_->round());
    if (data_) report.loss = loss / static_cast<double>(report.samples);
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
    constexpr std::chrono::seconds kBetweenReports(1);
    const auto start = Clock::now();
    const Dataset& test = *data_->test();
    auto told = start;
    const auto score = evaluate(*backend_, test, [&](std::size_t done) {
      const auto now = Clock::now();
      if (now - told < kBetweenReports || done == test.size()) return;
      told = now;
      observer.evaluating(done, test.size());
    });
    const auto samples = static_cast<double>(score.samples);
    observer.evaluation({round, completed_epochs(), static_cast<double>(score.correct) / samples, score.loss / samples,
                         score.samples, milliseconds(Clock::now() - start)});
    replica_->start_step();
  }

  std::unique_ptr<Data> data_;       // null: of a cost model
  std::vector<std::uint8_t> blank_;  // the labels of its batches
  long per_epoch_;                   // steps
  long evaluate_every_;
  std::unique_ptr<Backend> backend_;
  ProfileRecorder* recorder_ = nullptr;  // the backend, where it is one
  std::unique_ptr<ps::Replica> replica_;
  Checkpointing* checkpoints_ = nullptr;  // none are written
  bool overlaps_ = false;                 // a round begins before the last one's parameters are all here (P3)
  std::optional<StepReport> report_;      // of the last round, until they are
  std::vector<Wait> waits_;               // since that ended, for them
};

// `initial`: all of them, where they have values. `round`: of the global plane, that these are of.
void initialise(ps::KvWorker& kv, const ps::proto::OptimizerConfig& optimizer, const Tensors& initial,
                std::uint64_t round) {
  kv.configure(optimizer);
  for (std::size_t t = 0; t < initial.count(); ++t) {
    const auto key = static_cast<std::uint32_t>(t);
    if (initial.has_values()) {
      kv.init(key, initial[t], round);
    } else {
      kv.init(key, ps::Placeholder{initial.spec(t).size()});
    }
  }
  kv.wait_all();
}

Tensors initial_values(const Subject& subject, std::uint64_t seed) {
  if (subject.profile) return Tensors::without_values(subject.parameters());
  Tensors initial(subject.parameters());
  initialise(*subject.model, initial, seed);
  return initial;
}

void write_model(const WorkerOptions& options, const Graph& model, long round, Backend& backend) {
  TensorFile::Metadata metadata = describe_model(options, model);
  metadata["round"] = std::to_string(round);
  std::vector<TensorView> tensors = views_of(backend.parameters());
  for (TensorView& buffer : views_of(backend.buffers())) tensors.push_back(std::move(buffer));
  write_safetensors(*options.parameters_out, std::move(metadata), tensors);
}

Subject subject_of(const WorkerOptions& options, const Device& device) {
  if (device.kind == Device::Kind::model) {
    if (options.cost.profile.empty()) throw Error("--profile is missing: device model computes by a profile");
    if (!options.rounds) throw Error("--rounds is missing: device model has no data, and so no epochs");
    if (options.parameters_out) throw Error("--parameters-out: device model has no parameters to write");
    if (options.checkpoint) throw Error("--checkpoint: device model has no parameters to keep");
    if (options.record_profile) throw Error("--record-profile: device model does not compute what could be recorded");
    return {{}, find_profile(options.cost.profile)};
  }
  const auto kind = dataset_kind(options.dataset, options.context);
  if (kind.samples == SampleKind::tokens && options.split != SplitKind::contiguous) {
    throw Error("data set text has no classes by which it could be split (--split contiguous)");
  }
  if (kind.samples == SampleKind::tokens && options.augment != Augment::none) {
    throw Error("text cannot be mirrored and moved (--augment none)");
  }
  if (options.precision == Precision::tf32 && device.kind == Device::Kind::cpu) {
    throw Error("--precision tf32 is of cards; of the CPU, fp32 or bf16");
  }
  return {make_model(options.model, kind.input(), kind.classes), {}};
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
  RealTimer timer;                   // of a cost model
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
  const Device device = find_device(parse_device(options.device));
  const Subject subject = subject_of(options, device);
  const auto workers = static_cast<std::size_t>(node.num_all_workers);
  const Schedule plan = options.data_slice ? schedule(options, device, workers) : Schedule();

  if (options.resume && !options.checkpoint) throw Error("--resume wants --checkpoint FOLDER");
  std::optional<Checkpointing> checkpoints;
  if (options.checkpoint) checkpoints.emplace(options, *subject.model, workers, observer);

  Memory memory;
  const auto end = [&timer = memory.timer](const std::string& why) { timer.end(why); };
  ps::Session session(node,
                      {.slice = options.data_slice,
                       .rounds = static_cast<std::uint64_t>(plan.rounds),
                       .steps = static_cast<std::uint64_t>(plan.steps),
                       .timeout = std::chrono::duration<double>(options.timeout),
                       .interrupt = interrupt},
                      make_transport);
  const ps::Interrupt::Guard guard(interrupt, end);
  session.kv().on_failure(end);
  const long rounds = options.data_slice ? static_cast<long>(session.rounds()) : 0;
  try {
    if (options.data_slice)
      memory.trainer = std::make_unique<Trainer>(options, plan, device, subject, workers, memory.timer);
    if (session.master()) {
      memory.initial.emplace(initial_values(subject, options.seed));
      const auto resumed = checkpoints ? checkpoints->load_start(*memory.initial) : std::nullopt;
      initialise(session.kv(), optimizer_config(options, session.job().sync.name), *memory.initial,
                 resumed.value_or(0) / static_cast<std::uint64_t>(session.job().sync.party_rounds));
    }
    if (memory.trainer) memory.trainer->begin(session, rounds, checkpoints ? &*checkpoints : nullptr);
    session.barrier("initialised");
    observer.phase("ready", rounds);
    if (memory.trainer) {
      observer.phase("training", rounds);
      memory.trainer->train(rounds, observer);
      const Tensors& parameters = memory.trainer->parameters();
      if (parameters.has_values()) observer.replica(memory.trainer->round(), parameters);
    }
  } catch (const std::exception& error) {
    session.fail(error.what());
    throw;
  }
  session.leave();
  if (memory.trainer && options.parameters_out) {
    write_model(options, *subject.model, memory.trainer->round(), memory.trainer->backend());
  }
  if (memory.trainer && memory.trainer->recorder() != nullptr) {
    write_profile(*options.record_profile,
                  memory.trainer->recorder()->profile(options.model, "recorded by geomx-node --record-profile"));
  }
  if (memory.trainer && checkpoints) checkpoints->finish();
  observer.phase("finished", rounds);
}

}  // namespace geomx::trainer

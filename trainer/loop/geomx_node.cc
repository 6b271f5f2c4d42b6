// geomx-node: every role of the training job. The environment (DMLC_*, the deployment guide's table) says which one
// this process plays; the options say what a worker trains.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ps/config/error.h"
#include "ps/config/heap.h"
#include "ps/config/node_config.h"
#include "ps/server/node.h"
#include "ps/transport/keys.h"
#include "trainer/cost/profile.h"
#include "trainer/data/dataset.h"
#include "trainer/loop/console.h"
#include "trainer/loop/device.h"
#include "trainer/loop/evaluate_file.h"
#include "trainer/loop/metrics.h"
#include "trainer/loop/options.h"
#include "trainer/loop/signals.h"
#include "trainer/loop/worker.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

namespace {

using namespace geomx;

constexpr int kFailed = 1;
constexpr int kBadUsage = 2;

constexpr const char* kHelp =
    "One process of a GeoMX training job: a scheduler, a server or a worker.\n"
    "\n"
    "Which one is said by environment variables, as in the deployment guide: DMLC_ROLE (scheduler, server, worker) or\n"
    "DMLC_ROLE_GLOBAL (global_scheduler, global_server), DMLC_PS_ROOT_URI, DMLC_PS_ROOT_PORT, DMLC_NUM_SERVER,\n"
    "DMLC_NUM_WORKER and so on. scenarios/pseudo-distributed.sh starts all twelve of a small job on this machine; to\n"
    "have one run inside an emulated network, use geomx-emu run.";

struct CommandLine {
  trainer::WorkerOptions worker;
  bool cpu = false;
  bool summary = false;
  bool make_keys = false;
  std::string evaluate;
  bool json = false;
  std::optional<trainer::Precision> precision;
  std::optional<double> dirichlet_alpha;
  std::optional<std::size_t> context;
  std::string metrics;
  // Of the job: each is another way to say what a variable says.
  bool mixed_sync = false;
  bool dcasgd = false;
  std::string bisparse_compression_ratio;
  std::vector<std::string> settings;  // NAME=VALUE
};

void add_options(CLI::App& app, CommandLine& line) {
  trainer::WorkerOptions& worker = line.worker;
  app.add_option("--data-slice-idx", worker.data_slice, "which slice of the training data is this worker's, from 0");
  app.add_option("--dataset", worker.dataset, "fashion-mnist, mnist, cifar10 or text")->capture_default_str();
  app.add_option("--data-dir", worker.data_dir, "folder of the data set's files, in place of the usual one");
  app.add_option("--context", line.context, "bytes of text in a sample (128)")->check(CLI::Range(1, 65536));
  auto* split = app.add_option_function<std::string>(
      "--split", [&worker](const std::string& name) { worker.split = trainer::split_kind(name); },
      "how the training data is cut into slices: contiguous, in the order of the files (so where this is left out); "
      "by-class, sorted by label; dirichlet, with shares of the classes drawn for each worker");
  split->check(CLI::IsMember({"contiguous", "by-class", "dirichlet"}));
  app.add_flag_callback(
         "--split-by-class", [&worker] { worker.split = trainer::SplitKind::by_class; }, "the same as --split by-class")
      ->excludes(split);
  app.add_option_function<std::string>(
         "--augment", [&worker](const std::string& name) { worker.augment = trainer::augment_kind(name); },
         "flip-crop: in every epoch each training image is mirrored or not, and moved by up to 4 pixels (none)")
      ->check(CLI::IsMember({"none", "flip-crop"}));
  app.add_option("--dirichlet-alpha", line.dirichlet_alpha,
                 "of --split dirichlet: small, few classes a worker; large, all alike (0.5)")
      ->check(CLI::Range(1e-6, 1e6));
  app.add_option("--model", worker.model, "cnn")->capture_default_str();
  app.add_option_function<std::string>(
         "--precision",
         [&line](const std::string& name) { line.precision = line.worker.precision = trainer::parse_precision(name); },
         "what is computed in: fp32; bf16, bfloat16 between layers; tf32, of cards (fp32)")
      ->check(CLI::IsMember({"fp32", "tf32", "bf16"}));
  app.add_option("--batch-size", worker.batch_size, "samples per worker and round")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  app.add_flag("--prefetch,!--no-prefetch", worker.prefetch,
               "put batches together on a thread of its own; left out, with a card and not on the CPU");
  app.add_option("--epoch", worker.epochs, "passes over the slice")
      ->capture_default_str()
      ->check(CLI::Range(1L, 1'000'000L));
  app.add_option("--rounds", worker.rounds,
                 "end after that many rounds (exchanges with the servers), in place of --epoch")
      ->check(CLI::Range(1L, 1'000'000'000L))
      ->excludes("--epoch");
  app.add_option("--eval-every", worker.evaluate_every, "evaluate every so many rounds too (0: only after each epoch)")
      ->capture_default_str()
      ->check(CLI::Range(0L, 1'000'000'000L));
  app.add_option("--optimizer", worker.optimizer, "sgd, adam or adamw; left out, adam, and adamw with diloco");
  app.add_option("--learning-rate", worker.learning_rate)->capture_default_str();
  app.add_option("--momentum", worker.momentum, "of sgd")->capture_default_str();
  app.add_flag("--nesterov", worker.nesterov, "the momentum is Nesterov's");
  app.add_option("--weight-decay", worker.weight_decay)->capture_default_str();
  app.add_option("--schedule", worker.schedule.name,
                 "of the learning rate: constant, step or cosine; left out, constant");
  app.add_option("--warmup", worker.schedule.warmup, "steps in which it rises to --learning-rate first");
  app.add_option("--schedule-every", worker.schedule.every, "of step: so many steps, then times --schedule-gamma");
  app.add_option("--schedule-gamma", worker.schedule.gamma, "of step: a factor, to 1");
  app.add_option("--schedule-total", worker.schedule.total, "of cosine: steps, those of the warm-up among them");
  app.add_option("--schedule-floor", worker.schedule.floor, "of cosine: the rate that it falls to");
  app.add_option("--clip-norm", worker.clip_norm, "scale a worker's gradient down to this L2 norm over all tensors");
  app.add_option("--clip-value", worker.clip_value, "keep each element of a worker's gradient within +- this");
  app.add_option("--seed", worker.seed, "of initial values and data order; the same for all workers")
      ->capture_default_str();
  app.add_option("--threads", worker.threads, "OpenMP threads; 1 where workers share a machine")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--round-timeout", worker.timeout, "seconds after which a round that does not end is an error")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1e6));
  app.add_flag("--cpu", line.cpu, "compute on the CPU; the same as --device cpu")
      ->excludes(app.add_option("--device", worker.device,
                                "auto, cpu, cuda:N, or model: compute nothing, and take the time that "
                                "a profile says")
                     ->capture_default_str());
  app.add_option("--profile", worker.cost.profile,
                 "of device model: resnet50, vgg16, bert-base, gpt2-small, cnn, or a file (--record-profile)");
  app.add_option("--compute-seconds", worker.cost.compute_seconds,
                 "of device model: what a step computes in the mean, in place of the profile's time");
  app.add_option("--jitter", worker.cost.jitter,
                 "of device model: standard deviation of a step's time, as a share of it")
      ->capture_default_str();
  app.add_option("--straggler", worker.cost.straggler, "of device model: this worker takes so many times as long")
      ->capture_default_str();
  app.add_option("--record-profile", worker.record_profile, "write what the steps cost to this file, for --profile");
  app.add_option("--metrics", line.metrics, "write progress as JSON lines to this file, pipe or /dev/fd/N");
  app.add_option("--parameters-out", worker.parameters_out, "write the final model to this file (safetensors)");
  auto* folder = app.add_option("--checkpoint", worker.checkpoint,
                                "write checkpoints of this worker's training to this folder (safetensors)");
  app.add_option("--checkpoint-every", worker.checkpoint_every, "rounds from one to the next (0: only at the end)")
      ->capture_default_str()
      ->check(CLI::Range(0L, 1'000'000'000L))
      ->needs(folder);
  app.add_flag("--resume", worker.resume, "go on from the newest whole checkpoint in that folder")->needs(folder);
  app.add_option("--evaluate", line.evaluate,
                 "run the test set through the model in this file, a checkpoint or --parameters-out's, and end; with "
                 "--model, --dataset, --data-dir, --context, --device, --precision, --threads, --json");
  app.add_flag("--json", line.json, "of --evaluate: print a line of JSON");
  app.add_flag("--summary", line.summary, "print the model's layers and end");
  app.add_flag("--make-keys", line.make_keys, "print a new pair of keys for GEOMX_SECURITY=curve and end");
  app.add_flag("--mixed-sync", line.mixed_sync, "asynchronous between parties: GEOMX_SYNC=mixed");
  app.add_flag("--dcasgd", line.dcasgd, "with --mixed-sync: make up for delays: GEOMX_DCASGD=1");
  app.add_option("--bisparse-compression-ratio", line.bisparse_compression_ratio,
                 "Bi-Sparse between parties, sending this share of the gradient: GEOMX_CODEC=bisparse and "
                 "GEOMX_BISPARSE_RATIO");
  app.add_option("--set", line.settings,
                 "NAME=VALUE, of a variable that is the whole job's: GEOMX_SYNC, GEOMX_CODEC and so on "
                 "(docs/training.md)")
      ->allow_extra_args(false);
}

// A refusal that is the user's to mend.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What an option says of a device that is not the worker's.
void refuse_options_of_other_devices(const CLI::App& app, const std::string& device) {
  const bool is_model = [&] {
    try {
      return trainer::parse_device(device).kind;
    } catch (const trainer::Error& error) {
      throw UsageError(error.what());
    }
  }() == trainer::Device::Kind::model;
  const std::vector<const char*> of_model{"--profile", "--compute-seconds", "--jitter", "--straggler"};
  const std::vector<const char*> of_others{"--dataset",         "--data-dir",   "--split-by-class", "--split",
                                           "--dirichlet-alpha", "--augment",    "--context",        "--model",
                                           "--epoch",           "--eval-every", "--threads",        "--parameters-out",
                                           "--record-profile",  "--clip-norm",  "--clip-value",     "--precision"};
  for (const char* option : is_model ? of_others : of_model) {
    if (app.get_option(option)->count() == 0) continue;
    throw UsageError(std::string(option) +
                     (is_model ? ": device model computes nothing and has no data" : " belongs to --device model"));
  }
}

// Options that mean something with another option only.
void add_data_options(CommandLine& line) {
  if (line.dirichlet_alpha && line.worker.split != trainer::SplitKind::dirichlet)
    throw UsageError("--dirichlet-alpha is of --split dirichlet");
  if (line.context && line.worker.dataset != "text" && line.evaluate.empty())
    throw UsageError("--context is of --dataset text");
  line.worker.dirichlet_alpha = line.dirichlet_alpha.value_or(line.worker.dirichlet_alpha);
  line.worker.context = line.context.value_or(line.worker.context);
}

// What the options say of the job, beside what the environment does.
void add_settings(const CommandLine& line, ps::Settings& settings) {
  if (line.mixed_sync) settings.set("GEOMX_SYNC", "mixed");
  if (line.dcasgd) settings.set("GEOMX_DCASGD", "1");
  if (!line.bisparse_compression_ratio.empty()) {
    settings.set("GEOMX_CODEC", "bisparse");
    settings.set("GEOMX_BISPARSE_RATIO", line.bisparse_compression_ratio);
  }
  for (const std::string& setting : line.settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) throw UsageError("--set " + setting + ": NAME=VALUE is wanted");
    settings.set(setting.substr(0, equals), setting.substr(equals + 1));
  }
}

// An option that would have no effect is refused rather than ignored.
void refuse_worker_options(const CLI::App& app, const std::string& role) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    if (option->count() > 0 && name != "--metrics" && name != "--set" && name != "--cpu" && name != "--device") {
      throw UsageError(name + " is for workers; this node is a " + role);
    }
  }
}

// The same for what needs no job.
void refuse_job_options(const CLI::App& app) {
  const std::set<std::string> allowed{"--evaluate", "--json", "--model",  "--dataset", "--data-dir",
                                      "--threads",  "--cpu",  "--device", "--context", "--precision"};
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0 && !allowed.contains(option->get_name())) {
      throw UsageError(option->get_name() + " does not go with --evaluate");
    }
  }
}

// What is wrong with the file, or with what it is to be tried on, is bad input.
void evaluate_file(const CLI::App& app, const CommandLine& line) {
  refuse_job_options(app);
  trainer::EvaluationOptions options{.file = line.evaluate,
                                     .data_dir = line.worker.data_dir,
                                     .context = line.context,
                                     .threads = line.worker.threads,
                                     .device = line.worker.device,
                                     .precision = line.precision};
  if (app.get_option("--model")->count() > 0) options.model = line.worker.model;
  if (app.get_option("--dataset")->count() > 0) options.dataset = line.worker.dataset;
  try {
    const trainer::FileScore score = trainer::evaluate_file(options);
    std::printf("%s\n", (line.json ? to_json(score) : in_words(score)).c_str());
  } catch (const trainer::Error& error) {
    throw UsageError(error.what());
  }
}

std::string count(int number, const std::string& what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

std::string plane_text(const ps::PlaneConfig& plane) {
  return fmt::format("{} with {} and {}", ps::scheduler_name(plane), count(plane.num_servers, "server"),
                     count(plane.num_workers, "worker"));
}

void introduce(const ps::NodeConfig& config, const CommandLine& line) {
  std::string text = "geomx-node: " + config.role_name();
  if (config.local) text += "; " + plane_text(*config.local);
  if (config.global) text += "; " + plane_text(*config.global);
  if (line.worker.data_slice) {
    text += "; data slice " + std::to_string(*line.worker.data_slice) + " of " + std::to_string(config.num_all_workers);
  }
  std::printf("%s; process %d\n", text.c_str(), static_cast<int>(::getpid()));
  std::fflush(stdout);
}

// Progress to everyone who asked for it.
class Observers : public trainer::Observer {
 public:
  Observers(trainer::Console console, trainer::Metrics* metrics) : console_(std::move(console)), metrics_(metrics) {}
  void phase(const std::string& name, long rounds) override {
    console_.phase(name, rounds);
    to_metrics([&] { metrics_->phase(name, rounds); });
  }
  void step(const trainer::StepReport& report, const trainer::Tensors& parameters) override {
    console_.step(report, parameters);
    to_metrics([&] { metrics_->step(report, parameters); });
  }
  void server_round(const ps::ServerRound& round) {
    constexpr double kMilliseconds = 1000;
    to_metrics([&] {
      metrics_->round({.round = static_cast<long>(round.round),
                       .gather_ms = kMilliseconds * round.gather,
                       .compute_ms = kMilliseconds * round.compute,
                       .push_ms = kMilliseconds * round.push,
                       .wait_ms = kMilliseconds * round.wait,
                       .pull_ms = kMilliseconds * round.pull});
    });
  }
  void absence(const ps::KvServer::Absence& absence) {
    to_metrics([&] { metrics_->absent(absence.round, absence.workers); });
  }
  void presence(const ps::Scheduler::Presence& presence) {
    to_metrics([&] {
      if (presence.lost) {
        metrics_->lost(to_string(presence.who), presence.name, presence.silent_seconds);
      } else {
        metrics_->returned(to_string(presence.who), presence.name);
      }
    });
  }
  void evaluating(std::size_t done, std::size_t samples) override {
    to_metrics([&] { metrics_->evaluating(done, samples); });
  }
  void evaluation(const trainer::EvaluationReport& report) override {
    console_.evaluation(report);
    to_metrics([&] { metrics_->evaluation(report); });
  }
  void warning(const std::string& text) override { std::fprintf(stderr, "geomx-node: warning: %s\n", text.c_str()); }
  void replica(long round, const trainer::Tensors& parameters) override {
    to_metrics([&] { metrics_->replica(round, parameters); });
  }

 private:
  // Training goes on without a reader, but not silently.
  template <typename Write>
  void to_metrics(Write write) {
    const std::lock_guard lock(mutex_);  // a global server tells on the threads of both its planes
    if (metrics_ == nullptr) return;
    write();
    if (metrics_->broken().empty()) return;
    std::fprintf(stderr, "geomx-node: warning: %s\n", metrics_->broken().c_str());
    metrics_ = nullptr;
  }

  trainer::Console console_;
  std::mutex mutex_;
  trainer::Metrics* metrics_;  // null: nobody reads; guarded by the mutex
};

// Details of the parameter server's nodes, in the console's way.
ps::Log log_to_stdout(int verbose) {
  if (verbose < ps::kNecessary) return {};
  return [verbose, start = std::chrono::steady_clock::now()](int level, const std::string& line) {
    if (level > verbose) return;
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    std::fputs(fmt::format("[Time {:.3f}] {}\n", passed.count(), line).c_str(), stdout);
    std::fflush(stdout);
  };
}

void run(const CLI::App& app, const CommandLine& line, const ps::NodeConfig& config, trainer::Metrics* metrics,
         ps::Interrupt& interrupt) {
  Observers observers(trainer::Console(stdout, config.verbose), metrics);
  if (config.local && config.local->role == ps::PlaneRole::worker) {
    trainer::run_worker(config, line.worker, observers, {}, &interrupt);
    return;
  }
  refuse_worker_options(app, config.role_name());
  ps::serve(config, {},
            {.interrupt = &interrupt,
             .log = log_to_stdout(config.verbose),
             .on_round = [&](const ps::ServerRound& round) { observers.server_round(round); },
             .on_absence = [&](const ps::KvServer::Absence& absence) { observers.absence(absence); },
             .on_presence = [&](const ps::Scheduler::Presence& presence) { observers.presence(presence); }});
  observers.phase("finished", 0);
}

int fail(int code, const std::string& message) {
  std::fprintf(stderr, "geomx-node: %s\n", message.c_str());
  return code;
}

int parse_and_run(int argc, char** argv, trainer::Signals& signals) {
  CLI::App app(kHelp, "geomx-node");
  CommandLine line;
  add_options(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help
    return fail(kBadUsage, std::string(error.what()) + " (geomx-node --help)");
  }
  if (line.cpu) line.worker.device = "cpu";
  if (line.json && line.evaluate.empty()) return fail(kBadUsage, "--json is of --evaluate");
  if (argc == 1 && std::getenv("DMLC_ROLE") == nullptr && std::getenv("DMLC_ROLE_GLOBAL") == nullptr) {
    std::fprintf(stderr,
                 "geomx-node: neither DMLC_ROLE nor DMLC_ROLE_GLOBAL is set\n\n%s\n\nOptions: geomx-node --help\n",
                 kHelp);
    return kBadUsage;
  }
  std::unique_ptr<trainer::Metrics> metrics;
  const auto report = [&](int code, const std::string& message) {
    if (signals.raised()) return code;
    if (metrics) metrics->error(message);
    return fail(code, message);
  };
  try {
    refuse_options_of_other_devices(app, line.worker.device);
    add_data_options(line);
    if (line.summary && !line.worker.cost.profile.empty()) {
      std::fputs(summary(trainer::find_profile(line.worker.cost.profile)).c_str(), stdout);
      return 0;
    }
    if (line.summary) {
      const auto kind = trainer::dataset_kind(line.worker.dataset, line.worker.context);
      std::fputs(summary(trainer::make_model(line.worker.model, kind.input(), kind.classes)).c_str(), stdout);
      return 0;
    }
    if (!line.evaluate.empty()) {
      evaluate_file(app, line);
      return 0;
    }
    if (line.make_keys) {
      const ps::KeyPair keys = ps::make_key_pair();
      std::printf("GEOMX_CURVE_PUBLIC_KEY='%s'\nGEOMX_CURVE_SECRET_KEY='%s'\n", keys.public_key.c_str(),
                  keys.secret_key.c_str());
      return 0;
    }
    if (!line.metrics.empty()) metrics = std::make_unique<trainer::Metrics>(line.metrics);
    ps::NodeConfig config;
    try {
      config = ps::read_environment();
      add_settings(line, config.job);
    } catch (const ps::Error& error) {
      throw UsageError(error.what());
    }
    for (const std::string& warning : config.warnings)
      std::fprintf(stderr, "geomx-node: warning: %s\n", warning.c_str());
    if (config.verbose >= 1) introduce(config, line);
    run(app, line, config, metrics.get(), signals.interrupt());
    return 0;
  } catch (const UsageError& error) {
    return report(kBadUsage, error.what());
  } catch (const std::exception& error) {  // trainer::Error, ps::Error, and what the standard library may throw
    return report(kFailed, error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  ps::keep_freed_memory();
  try {
    trainer::Signals signals;
    return signals.finish(parse_and_run(argc, argv, signals));
  } catch (const trainer::Error& error) {
    return fail(kFailed, error.what());
  }
}

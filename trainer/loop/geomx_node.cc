// geomx-node: every role of the training job. The environment (DMLC_*, the deployment guide's table) says which one
// this process plays; the options say what a worker trains.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "ps/config/error.h"
#include "ps/config/heap.h"
#include "ps/config/node_config.h"
#include "ps/server/node.h"
#include "ps/transport/keys.h"
#include "trainer/data/dataset.h"
#include "trainer/loop/console.h"
#include "trainer/loop/metrics.h"
#include "trainer/loop/options.h"
#include "trainer/loop/signals.h"
#include "trainer/loop/worker.h"
#include "trainer/model/architecture.h"
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
  std::string device = "auto";
  bool cpu = false;
  bool summary = false;
  bool make_keys = false;
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
  app.add_option("--dataset", worker.dataset, "fashion-mnist or mnist")->capture_default_str();
  app.add_option("--data-dir", worker.data_dir, "folder of the data set's files, in place of the usual one");
  app.add_flag("--split-by-class", worker.split_by_class, "cut the slices from the data sorted by label");
  app.add_option("--model", worker.model, "cnn")->capture_default_str();
  app.add_option("--batch-size", worker.batch_size, "samples per worker and round")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
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
  app.add_option("--weight-decay", worker.weight_decay)->capture_default_str();
  app.add_option("--seed", worker.seed, "of initial values and data order; the same for all workers")
      ->capture_default_str();
  app.add_option("--threads", worker.threads, "OpenMP threads; 1 where workers share a machine")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  app.add_option("--round-timeout", worker.timeout, "seconds after which a round that does not end is an error")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1e6));
  app.add_flag("--cpu", line.cpu, "compute on the CPU; the same as --device cpu");
  app.add_option("--device", line.device, "auto or cpu")->capture_default_str();
  app.add_option("--metrics", line.metrics, "write progress as JSON lines to this file, pipe or /dev/fd/N");
  app.add_option("--parameters-out", worker.parameters_out, "write the final parameters to this file");
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

void refuse_what_is_not_supported(const CommandLine& line) {
  if (line.device == "cuda" || line.device == "gpu")
    throw UsageError("--device " + line.device + " is not supported yet (cpu)");
  if (line.device != "auto" && line.device != "cpu")
    throw UsageError("--device " + line.device + " is not known (auto or cpu)");
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
  void evaluation(const trainer::EvaluationReport& report) override {
    console_.evaluation(report);
    to_metrics([&] { metrics_->evaluation(report); });
  }

 private:
  // Training goes on without a reader, but not silently.
  template <typename Write>
  void to_metrics(Write write) {
    if (metrics_ == nullptr) return;
    write();
    if (metrics_->broken().empty()) return;
    std::fprintf(stderr, "geomx-node: warning: %s\n", metrics_->broken().c_str());
    metrics_ = nullptr;
  }

  trainer::Console console_;
  trainer::Metrics* metrics_;  // null: nobody reads
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
             .on_round = [&](const ps::ServerRound& round) { observers.server_round(round); }});
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
    refuse_what_is_not_supported(line);
    if (line.summary) {
      const auto kind = trainer::dataset_kind(line.worker.dataset);
      std::fputs(summary(trainer::make_model(line.worker.model, kind.shape, kind.classes)).c_str(), stdout);
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

#include "emulator/run/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/control/keys.h"
#include "emulator/control/launch.h"
#include "emulator/control/runtime.h"
#include "emulator/run/environment.h"
#include "emulator/run/idle_rtt.h"
#include "emulator/run/interrupts.h"
#include "emulator/run/job.h"
#include "emulator/run/recorder.h"
#include "emulator/run/run_record.h"
#include "emulator/scenario/write.h"

namespace geomx::run {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kIdleRttLimit(5000);
constexpr milliseconds kLostConnection(500);  // between losing the lab's socket and seeing its process end

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

std::vector<Database::NodeRow> node_rows(const scenario::Scenario& scenario, const lab::Plan& plan) {
  std::map<std::string, std::string> roles;
  for (const scenario::Role& role : scenario::roles_of(scenario)) roles[role.name] = to_string(role.kind);
  std::vector<Database::NodeRow> rows;
  for (const lab::PlannedNode& node : plan.nodes) {
    std::string address;
    if (!node.interfaces.empty() && node.interfaces.front().address.value != 0) {
      address = lab::to_string(node.interfaces.front().address);
    }
    rows.push_back({node.name, lab::to_string(node.kind), node.datacenter, roles[node.name], address});
  }
  return rows;
}

// How many rounds the training takes, until the workers say so.
std::optional<std::int64_t> planned_rounds(const scenario::Scenario& scenario) {
  if (!scenario.training) return std::nullopt;
  const scenario::Training& training = *scenario.training;
  if (training.rounds) return *training.rounds;
  std::int64_t workers = 0;
  for (const scenario::Party& party : training.parties) workers += party.workers;
  const auto samples = scenario::training_samples(training.dataset);
  if (!training.epochs || workers == 0 || !samples) return std::nullopt;
  return *training.epochs * (*samples / workers / training.batch_size);
}

class Runner {
 public:
  Runner(const scenario::Scenario& scenario, const lab::Plan& plan, const RunFolder& folder, const RunOptions& options,
         ProgressView& view)
      : scenario_(scenario),
        plan_(plan),
        folder_(folder),
        options_(options),
        view_(view),
        recorder_(Database(folder.database(), node_rows(scenario, plan), plan.links), plan, realtime()) {}

  // Everything while the lab is up. Throws what ends the run early.
  void run(control::RunningLab& lab, Interrupts& interrupts) {
    interrupts.watch_lab(lab.pidfd());
    control::Client& client = lab.client();
    try {
      idle_rtts_ = measure_idle_rtts(client, plan_, interrupts, kIdleRttLimit);
      recorder_.sample(client.counters());
      recorder_.mark_start_of_job();
      Job& job = job_.emplace(tasks(), client, folder_, recorder_, options_.grace);
      client.subscribe(milliseconds(0));  // of events alone
      client.begin_events();
      work(job, client, interrupts);
      recorder_.sample(client.counters());
      recorder_.fidelity(client.fidelity(true));
    } catch (const Interrupted&) {
      throw;
    } catch (const WorkError&) {
      // Where the lab has ended, every call fails in its own words; this is the one that matters.
      if (interrupts.lab_has_ended(milliseconds(0)) || lost(client, interrupts)) {
        throw WorkError({}, control::to_string(lab.end().value_or(control::LabEnd::killed)));
      }
      throw;
    }
  }

  // What was reached, however the run has ended.
  void fill(Summary& summary) const {
    if (scenario_.training) summary.training = recorder_.training().result();
    if (!scenario_.training && job_) summary.workload = job_->results();
    summary.links = report_links(plan_, recorder_.counters_at_start(), recorder_.latest_counters(), idle_rtts_);
    // Means over different settings say nothing about any of them.
    for (LinkReport& link : summary.links) {
      if (!changed_links_.contains(link.link)) continue;
      link.rate.reset();
      link.delay.reset();
      link.loss.reset();
      link.idle_rtt.reset();
    }
    summary.fidelity = judge(summary.links);
    if (recorder_.monitored()) summary.fidelity = combine(summary.fidelity, *recorder_.monitored(), recorder_.start());
  }

  void record_end(const Summary& summary) {
    const std::string status = to_string(summary.status);
    recorder_.event("end", {}, summary.error ? status + ": " + *summary.error : status);
    recorder_.flush();
  }

 private:
  // A failed call means either what it says or that the lab's server is dying; only the second is followed by the end.
  bool lost(control::Client& client, const Interrupts& interrupts) const {
    try {
      client.counters();
      return false;
    } catch (const Error&) {
      return interrupts.lab_has_ended(kLostConnection);
    }
  }

  std::vector<Task> tasks() const {
    if (scenario_.training) {
      auto roles = training_tasks(scenario_, plan_, find_node_program(), std::thread::hardware_concurrency());
      put_into(folder_.path(), roles);
      if (scenario_.training->security == "curve") {
        secure(roles, control::make_key_pair);
        seal_datagrams(roles, control::make_secret());
      }
      return roles;
    }
    return workload_tasks(scenario_, std::filesystem::current_path().string());
  }

  void work(Job& job, control::Client& client, const Interrupts& interrupts) {
    const Clock::time_point start = Clock::now();
    Clock::time_point next_sample = start + options_.sample_interval;
    Clock::time_point last_sign_of_life = start;
    job.advance(start);
    while (!job.finished()) {
      std::vector<pollfd> fds = job.pipes();
      fds.push_back({client.fd(), POLLIN, 0});
      Clock::time_point wake = next_sample;
      if (const auto deadline = job.next_deadline()) wake = std::min(wake, *deadline);
      interrupts.wait(fds, wake - Clock::now());
      const Clock::time_point now = Clock::now();
      if (job.read_pipes()) last_sign_of_life = now;
      std::vector<control::ProcessExit> exits;
      while (const auto exit = client.next_exit(milliseconds(0))) exits.push_back(*exit);
      // Events take another road than exits. Once something has been answered on theirs, those that happened before the
      // exits are here; and they come first: that a node was killed says what its processes' ends mean.
      if (!exits.empty()) client.status();
      while (const auto event = client.next_event(milliseconds(0))) {
        note_event(*event, job);
        last_sign_of_life = now;
      }
      for (const control::ProcessExit& exit : exits) {
        if (const std::string line = job.ended(exit, now); !line.empty()) view_.step(line);
        last_sign_of_life = now;
      }
      job.advance(now);
      if (now < next_sample) continue;
      next_sample = now + options_.sample_interval;
      recorder_.sample(client.counters());
      recorder_.fidelity(client.fidelity());
      recorder_.flush();
      show(job, now - start);
      // How long a workload's commands are silent, or wait for their time, is their own affair.
      if (recorder_.traffic() || !scenario_.training) last_sign_of_life = now;
      if (now - last_sign_of_life > options_.stall) {
        throw WorkError(
            {}, fmt::format("no step and no traffic for {} s; awaited: {}", seconds(options_.stall), job.awaited()));
      }
    }
  }

  void note_event(const control::LabEvent& event, Job& job) {
    recorder_.event(event.kind, event.object, event.detail);
    if (event.kind == "set" || event.kind == "down" || event.kind == "up") changed_links_.insert(event.object);
    const auto node = std::find_if(plan_.nodes.begin(), plan_.nodes.end(),
                                   [&](const lab::PlannedNode& each) { return each.name == event.object; });
    if (node == plan_.nodes.end() || event.kind == "failed") return;
    if (event.kind == "kill" || event.kind == "restart") {
      for (const lab::PlannedInterface& interface : node->interfaces) changed_links_.insert(interface.link);
    }
    job.node_changed(event.object, event.kind);
  }

  void show(const Job& job, Clock::duration elapsed) {
    ProgressState state;
    state.elapsed_seconds = seconds(elapsed);
    if (scenario_.training) {
      state.training = recorder_.training().result();
      const auto announced = recorder_.training().expected_rounds();
      state.total_rounds = announced ? announced : planned_rounds(scenario_);
    }
    if (!scenario_.training) state.commands = job.mains();
    state.wan_rates = recorder_.wan_rates();
    state.waiting_for = job.awaited();
    view_.update(state);
  }

  const scenario::Scenario& scenario_;
  const lab::Plan& plan_;
  const RunFolder& folder_;
  const RunOptions& options_;
  ProgressView& view_;
  Recorder recorder_;
  std::optional<Job> job_;
  std::map<std::string, Nanoseconds> idle_rtts_;
  std::set<std::string> changed_links_;  // while the job ran
};

// A lab of the scenario's name, or of the first numbered one that is free. Throws Interrupted where a signal comes
// while it is coming up.
control::RunningLab launch(lab::Plan& plan, const control::LaunchOptions& options, const Interrupts& interrupts) {
  const std::string name = plan.lab;
  constexpr int kMostLabs = 100;
  for (int number = 2;; ++number) {
    try {
      return control::launch(plan, options);
    } catch (const control::Stopped&) {
      interrupts.check();  // says by which signal
      throw;
    } catch (const control::NameTaken&) {
      if (number > kMostLabs) throw;
      plan.lab = fmt::format("{}-{}", name, number);
    }
  }
}

// For what is written when everything else is over: the summary of every link, and the last events.
std::size_t space_for_the_end(const lab::Plan& plan) {
  return (std::size_t{256} << 10) + plan.links.size() * (std::size_t{2} << 10);
}

// Takes down why a run has not ended well; what was first counts.
void note(Summary& summary, const std::exception& error) {
  if (summary.error) return;
  summary.status = dynamic_cast<const Interrupted*>(&error) ? Status::interrupted : Status::failed;
  const auto* ours = dynamic_cast<const Error*>(&error);
  summary.error = ours ? ours->line() : error.what();
}

template <typename Step>
void noting_failure(Summary& summary, const Step& step) {
  try {
    step();
  } catch (const std::exception& error) {
    note(summary, error);
  }
}

// Lab up, job, lab down. Throws where there is no lab to be had; what goes wrong in it is noted.
void run_in_lab(Runner& runner, const scenario::Scenario& scenario, lab::Plan& plan, Interrupts& interrupts,
                const RunFolder& folder, ProgressView& view, Summary& summary) {
  clear_role_environment();
  control::LaunchOptions launch_options;
  launch_options.log_folder = std::filesystem::absolute(folder.log("")).parent_path().string();
  launch_options.run_folder = std::filesystem::absolute(folder.path()).string();
  launch_options.scenario_json = scenario::write(scenario);
  launch_options.stop_fd = interrupts.fd();
  control::RunningLab lab = launch(plan, launch_options, interrupts);
  summary.lab.up_seconds = seconds(lab.up_time());
  view.lab(plan.lab);
  view.step(fmt::format("{}: lab up in {:.2f} s: {} nodes, {} links", scenario.name, summary.lab.up_seconds,
                        summary.lab.nodes, summary.lab.links));
  noting_failure(summary, [&] { runner.run(lab, interrupts); });
  interrupts.watch_lab(-1);
  summary.lab.down_seconds = seconds(lab.stop());
}

}  // namespace

Summary execute(const scenario::Scenario& scenario, lab::Plan plan, const RunFolder& folder, const RunOptions& options,
                ProgressView& view) {
  const Clock::time_point start = Clock::now();
  Summary summary;
  summary.lab.nodes = static_cast<std::size_t>(
      std::count_if(plan.nodes.begin(), plan.nodes.end(), [](const lab::PlannedNode& node) { return counts(node); }));
  summary.lab.links = static_cast<std::size_t>(
      std::count_if(plan.links.begin(), plan.links.end(), [](const lab::PlannedLink& link) { return counts(link); }));

  Interrupts interrupts;
  RunRecord record(scenario, plan, options.command_line);
  folder.write("run.json", record.text());
  view.begin(scenario.name, std::filesystem::absolute(folder.path()).string());
  std::optional<Runner> runner;
  std::exception_ptr refused;
  noting_failure(summary, [&] {
    folder.reserve_space(space_for_the_end(plan));
    folder.write("scenario.json", scenario::write(scenario));
    runner.emplace(scenario, plan, folder, options, view);
    try {
      run_in_lab(*runner, scenario, plan, interrupts, folder, view, summary);
    } catch (const InputError&) {
      refused = std::current_exception();
      throw;
    }
  });

  folder.release_space();
  if (runner) {
    noting_failure(summary, [&] { runner->record_end(summary); });
    runner->fill(summary);
  }
  summary.wall_seconds = seconds(Clock::now() - start);
  summary.expectations = check_expectations(scenario.expect, to_json(summary));
  record.end(to_string(summary.status));
  noting_failure(summary, [&] { folder.write("run.json", record.text()); });
  noting_failure(summary, [&] { folder.write("summary.json", to_json(summary).dump(2) + "\n"); });
  if (refused) std::rethrow_exception(refused);
  return summary;
}

}  // namespace geomx::run

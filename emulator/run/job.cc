#include "emulator/run/job.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstring>

#include "emulator/base/error.h"

namespace geomx::run {
namespace {

constexpr const char* kTooLate = "it came back when the others had finished";
constexpr std::size_t kMostNames = 4;  // in a message
constexpr std::chrono::milliseconds kReadinessInterval(50);
constexpr std::chrono::seconds kPatience(2);  // from SIGTERM to SIGKILL, for what runs over its limit

std::string how_it_ended(const control::ProcessExit& exit) {
  if (!exit.by_signal) return fmt::format("exited with code {}", exit.status);
  const int signal = exit.status - 128;
  const char* name = ::sigabbrev_np(signal);
  return fmt::format("was killed by signal {}{}{}", signal, name ? fmt::format(" (SIG{})", name) : std::string(),
                     exit.remark.empty() ? "" : ", " + exit.remark);
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > kMostNames) text += fmt::format(" and {} more", names.size() - kMostNames);
  return text;
}

}  // namespace

Job::Job(std::vector<Task> tasks, control::Client& client, const RunFolder& folder, Recorder& recorder,
         std::chrono::milliseconds grace)
    : client_(client), folder_(folder), recorder_(recorder), grace_(grace) {
  members_.reserve(tasks.size());
  for (Task& task : tasks) {
    Member member;
    member.task = std::move(task);
    if (member.task.ready) {
      member.readiness.emplace(*member.task.ready, member.task.node, log_of(member), member.task.directory);
    }
    members_.push_back(std::move(member));
  }
}

std::filesystem::path Job::log_of(const Member& member) const {
  return folder_.log(member.task.log.empty() ? member.task.node : member.task.log);
}

void Job::start(Member& member, Clock::time_point now) {
  const FileDescriptor log = folder_.open_log(member.task.log.empty() ? member.task.node : member.task.log);
  control::ProcessSpec spec;
  spec.node = member.task.node;
  spec.argv = member.task.argv;
  spec.environment = member.task.environment;
  spec.directory = member.task.directory;
  spec.stdout_fd = spec.stderr_fd = log.get();
  Pipe pipe;
  if (member.task.metrics) {
    pipe = make_pipe();
    member.pipe = MetricsPipe(std::move(pipe.read), member.task.name);
    spec.metrics_fd = pipe.write.get();
  }
  if (member.readiness) member.readiness->begin();
  member.process = client_.spawn(spec);
  member.state = State::running;
  member.started = now;
  ++member.starts;
  member.ended.reset();
  member.kill_at.reset();
  member.ready = member.timed_out = false;
  recorder_.event("start", member.task.node, fmt::format("{}", fmt::join(member.task.argv, " ")));
}

// False: its node is paused, so it waits.
bool Job::start_when_possible(Member& member, Clock::time_point now) {
  const auto out = out_of_service_.find(member.task.node);
  if (out == out_of_service_.end()) {
    start(member, now);
    return true;
  }
  if (!out->second) return false;
  recorder_.event("skip", member.task.node, member.task.name + ": its node is killed");
  member.state = State::killed;
  member.ended = now;
  return true;
}

void Job::node_changed(const std::string& node, const std::string& action) {
  const Clock::time_point now = Clock::now();
  if (action == "kill") out_of_service_[node] = true;
  if (action == "pause") out_of_service_[node] = false;
  if (action == "restart" || action == "resume") out_of_service_.erase(node);
  for (Member& member : members_) {
    if (member.task.node != node) continue;
    const bool killed = action == "kill" || action == "restart";  // a restart of one that runs kills it, too
    if (killed && member.state == State::running) {
      take(member, member.pipe.finish());
      member.state = State::killed;
      member.ended = now;
    }
    if (action == "restart" && member.state == State::killed && !mains_ended_) start(member, now);
  }
  note_end_of_mains(now);
}

// Since when others need not wait for it any more: it is ready; has started, in the background; or has ended.
std::optional<Job::Clock::time_point> Job::released(const Member& member) const {
  if (member.state == State::killed) return member.ended;
  if (member.task.ready) return member.ready ? member.started : std::nullopt;
  if (member.task.kind == TaskKind::background) return member.started;
  return member.state == State::ended ? member.ended : std::nullopt;
}

// When to start it; nullopt: what it waits for has not come.
std::optional<Job::Clock::time_point> Job::due(const Member& member) const {
  Clock::time_point from = *started_;
  for (const std::size_t awaited : member.task.after) {
    const std::optional<Clock::time_point> since = released(members_[awaited]);
    if (!since) return std::nullopt;
    from = std::max(from, *since);
  }
  return member.runs > 0 ? from : from + member.task.at;  // a repetition follows at once
}

bool Job::start_what_is_due(Clock::time_point now) {
  bool any = false;
  for (Member& member : members_) {
    if (member.state != State::waiting) continue;
    const std::optional<Clock::time_point> at = due(member);
    if (at && *at <= now && start_when_possible(member, now)) any = true;
  }
  return any;
}

// Whether it has become ready just now.
bool Job::look_for_readiness(Member& member, Clock::time_point now) {
  if (!member.readiness || member.ready || member.state != State::running) return false;
  member.ready = member.readiness->seen(client_);
  if (member.ready) {
    recorder_.event("ready", member.task.node, member.task.name);
    return true;
  }
  if (now >= *member.started + member.task.ready->within) {
    fail(member, fmt::format("not ready {} after its start: {}", geomx::to_string(member.task.ready->within),
                             member.readiness->what_is_missing()));
  }
  look_again_ = now + kReadinessInterval;
  return false;
}

void Job::keep_to_limit(Member& member, Clock::time_point now) {
  if (member.state != State::running || !member.task.timeout) return;
  if (!member.timed_out && now >= *member.started + *member.task.timeout) {
    member.timed_out = true;
    member.kill_at = now + kPatience;
    recorder_.event("timeout", member.task.node, member.task.name);
    client_.signal(member.process, SIGTERM);
  } else if (member.kill_at && now >= *member.kill_at) {
    member.kill_at.reset();
    client_.signal(member.process, SIGKILL);
  }
}

void Job::advance(Clock::time_point now) {
  if (!started_) started_ = now;
  look_again_.reset();
  if (mains_ended_) {
    end_the_rest(now);
    return;
  }
  bool changed = true;
  while (changed) {  // what starts or becomes ready lets others start
    changed = start_what_is_due(now);
    for (Member& member : members_) changed = look_for_readiness(member, now) || changed;
  }
  for (Member& member : members_) keep_to_limit(member, now);
  note_end_of_mains(now);
}

void Job::end_the_rest(Clock::time_point now) {
  if (now < *mains_ended_ + grace_ || finished()) return;
  std::vector<std::string> names;
  for (const Member& member : members_) {
    const bool too_late = member.starts > 1;
    if (member.state == State::running && member.task.kind == TaskKind::follower && !too_late) {
      names.push_back(member.task.name);
    }
  }
  if (!names.empty()) {
    throw WorkError(names.front(), fmt::format("still running {} s after the last worker has ended: {}",
                                               std::chrono::duration<double>(grace_).count(), join(names)));
  }
  for (Member& member : members_) {
    if (member.state != State::running) continue;
    client_.signal(member.process, SIGKILL);
    const bool asked = member.task.kind == TaskKind::background;
    recorder_.event("kill", member.task.node, asked ? "did not end after SIGTERM" : kTooLate);
    member.state = State::ended;
    member.ended = now;
  }
}

// Of a worker that dies silently once it has trained, or of anybody who was started again too late: a scheduler that
// nobody is left to tell who is in the job says so, too. Empty: the job needs it.
std::string Job::why_it_is_not_needed(const Member& member, const control::ProcessExit& exit) const {
  if (exit.status == 0) return {};
  if (member.task.kind == TaskKind::follower && member.starts > 1 && mains_ended_) return kTooLate;
  if (member.task.party.empty()) return {};
  bool somebody_trains = false;
  bool somebody_is_done = false;
  for (const Member& other : members_) {
    if (&other == &member || other.task.party != member.task.party) continue;
    somebody_trains = somebody_trains || other.state == State::running;
    somebody_is_done = somebody_is_done || other.state == State::ended;
  }
  const bool trained = recorder_.training().phase_of(member.task.node) == "training";
  if (exit.by_signal && trained && (somebody_trains || somebody_is_done)) return "its party goes on without it";
  if (member.starts > 1 && somebody_is_done && !somebody_trains) return kTooLate;
  return {};
}

bool Job::fails_the_run(const Member& member, const control::ProcessExit& exit) const {
  if (member.task.kind == TaskKind::background) {
    if (mains_ended_) return false;  // it was asked to
    if (member.task.ready && !member.ready) return true;
  }
  return (exit.status != 0 || member.timed_out) && !member.task.may_fail;
}

std::string Job::ended(const control::ProcessExit& exit, Clock::time_point now) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
    return member.state == State::running && member.process == exit.process;
  });
  if (found == members_.end()) return {};
  Member& member = *found;
  take(member, member.pipe.finish());
  if (!member.ready && member.readiness) member.ready = member.readiness->seen(client_);  // and over already
  member.state = State::ended;
  member.ended = now;
  member.exit_code = exit.status;
  ++member.runs;
  if (exit.status != 0) ++member.failures;
  recorder_.event("exit", member.task.node, how_it_ended(exit));
  if (const std::string why = why_it_is_not_needed(member, exit); !why.empty()) {
    member.state = State::killed;  // and is started again with its node
    recorder_.event("died", member.task.node, why);
    note_end_of_mains(now);
    return fmt::format("{}: {}: {}", member.task.name, how_it_ended(exit), why);
  }
  if (fails_the_run(member, exit)) {
    if (member.timed_out) {
      fail(member, fmt::format("ran over its limit of {}", geomx::to_string(*member.task.timeout)));
    }
    const bool unready = member.task.ready && !member.ready;
    fail(member, how_it_ended(exit) + (unready ? " before it was ready" : ""));
  }
  if (member.runs < member.task.repeat && !mains_ended_) member.state = State::waiting;
  note_end_of_mains(now);
  return {};
}

void Job::note_end_of_mains(Clock::time_point now) {
  if (mains_ended_ || !all_ended(TaskKind::main)) return;
  mains_ended_ = now;
  for (Member& member : members_) {
    if (member.task.kind != TaskKind::background) continue;
    if (member.state == State::running) client_.signal(member.process, SIGTERM);
    if (member.state == State::waiting) member.state = State::ended;  // it was to start later than everything ended
  }
}

void Job::fail(const Member& member, const std::string& what) const {
  const std::string said = member.reported_error.empty() ? last_error_line(log_of(member)) : member.reported_error;
  throw WorkError(member.task.name, what + (said.empty() ? std::string() : ": " + said),
                  "its log is " + log_of(member).string());
}

bool Job::all_ended(TaskKind kind) const {
  return std::all_of(members_.begin(), members_.end(), [kind](const Member& member) {
    return member.task.kind != kind || member.state == State::ended || member.state == State::killed;
  });
}

bool Job::finished() const {
  return all_ended(TaskKind::main) && all_ended(TaskKind::follower) && all_ended(TaskKind::background);
}

std::vector<pollfd> Job::pipes() const {
  std::vector<pollfd> fds;
  for (const Member& member : members_) {
    if (member.pipe.fd() >= 0) fds.push_back({member.pipe.fd(), POLLIN, 0});
  }
  return fds;
}

bool Job::read_pipes() {
  bool any = false;
  for (Member& member : members_) {
    if (member.pipe.fd() < 0) continue;
    const std::vector<Metric> metrics = member.pipe.read();
    take(member, metrics);
    any = any || !metrics.empty();
  }
  return any;
}

void Job::take(Member& member, const std::vector<Metric>& metrics) {
  for (const Metric& metric : metrics) {
    if (const auto* error = std::get_if<ReportedError>(&metric)) member.reported_error = error->message;
    recorder_.metric(member.task.node, metric);
  }
}

std::optional<Job::Clock::time_point> Job::next_deadline() const {
  if (!started_) return std::nullopt;
  if (mains_ended_) return *mains_ended_ + grace_;
  std::optional<Clock::time_point> next = look_again_;
  const auto consider = [&next](std::optional<Clock::time_point> time) {
    if (time) next = next ? std::min(*next, *time) : *time;
  };
  for (const Member& member : members_) {
    // What waits for its node to go on is told of that.
    if (member.state == State::waiting && !out_of_service_.contains(member.task.node)) consider(due(member));
    if (member.state != State::running || !member.task.timeout) continue;
    if (!member.timed_out) consider(*member.started + *member.task.timeout);
    consider(member.kill_at);
  }
  return next;
}

std::string Job::awaited() const {
  std::vector<std::string> names;
  for (const Member& member : members_) {
    const bool over = member.state == State::ended || member.state == State::killed;
    if (over || member.task.kind != TaskKind::main) continue;
    const std::string phase = recorder_.training().phase_of(member.task.node);
    names.push_back(phase.empty() ? member.task.name : fmt::format("{} ({})", member.task.name, phase));
  }
  return join(names);
}

Job::Tally Job::mains() const {
  Tally tally;
  for (const Member& member : members_) {
    if (member.task.kind != TaskKind::main) continue;
    ++tally.all;
    if (member.state == State::ended || member.state == State::killed) ++tally.over;
  }
  return tally;
}

std::vector<CommandResult> Job::results() const {
  const auto seconds = [](Clock::duration duration) { return std::chrono::duration<double>(duration).count(); };
  std::vector<CommandResult> results;
  for (const Member& member : members_) {
    CommandResult result;
    result.name = member.task.command;
    result.node = member.task.node;
    result.argv = member.task.argv;
    result.status = status_of(member);
    result.exit_code = member.exit_code;
    result.runs = member.runs;
    if (member.started) result.started = seconds(*member.started - *started_);
    if (member.started && member.ended) result.seconds = seconds(*member.ended - *member.started);
    result.log = "logs/" + log_of(member).filename().string();
    results.push_back(std::move(result));
  }
  return results;
}

CommandStatus Job::status_of(const Member& member) const {
  if (!member.started) return CommandStatus::not_started;
  if (member.state == State::killed) return CommandStatus::killed;
  if (member.state == State::running) return CommandStatus::running;
  if (member.timed_out) return CommandStatus::timed_out;
  if (member.task.kind == TaskKind::background && mains_ended_ && member.ended >= mains_ended_) {
    return CommandStatus::ended;
  }
  return member.failures > 0 ? CommandStatus::failed : CommandStatus::ok;
}

const char* to_string(CommandStatus status) {
  switch (status) {
    case CommandStatus::not_started:
      return "not started";
    case CommandStatus::running:
      return "running";
    case CommandStatus::ok:
      return "ok";
    case CommandStatus::failed:
      return "failed";
    case CommandStatus::timed_out:
      return "timed out";
    case CommandStatus::ended:
      return "ended";
    case CommandStatus::killed:
      return "killed";
  }
  return "failed";
}

}  // namespace geomx::run

#include "emulator/run/job.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstring>

#include "emulator/base/error.h"

namespace geomx::run {
namespace {

constexpr std::size_t kMostNames = 4;  // in a message

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
    members_.push_back(std::move(member));
  }
}

void Job::start(Member& member) {
  const FileDescriptor log = folder_.open_log(member.task.node);
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
  member.process = client_.spawn(spec);
  member.state = State::running;
  recorder_.event("start", member.task.node, fmt::format("{}", fmt::join(member.task.argv, " ")));
}

void Job::start_when_possible(Member& member) {
  const auto out = out_of_service_.find(member.task.node);
  if (out == out_of_service_.end()) {
    start(member);
  } else if (out->second) {
    recorder_.event("skip", member.task.node, member.task.name + ": its node is killed");
    member.state = State::killed;
  }
}

void Job::node_changed(const std::string& node, const std::string& action) {
  if (action == "kill") out_of_service_[node] = true;
  if (action == "pause") out_of_service_[node] = false;
  if (action == "restart" || action == "resume") out_of_service_.erase(node);
  for (Member& member : members_) {
    if (member.task.node != node) continue;
    const bool killed = action == "kill" || action == "restart";  // a restart of one that runs kills it, too
    if (killed && member.state == State::running) {
      take(member, member.pipe.finish());
      member.state = State::killed;
    }
    if (action == "restart" && member.state == State::killed && !mains_ended_) start(member);
  }
  note_end_of_mains(Clock::now());
}

void Job::advance(Clock::time_point now) {
  if (!started_) started_ = now;
  if (!mains_ended_) {
    for (Member& member : members_) {
      if (member.state == State::waiting && now >= *started_ + member.task.at) start_when_possible(member);
    }
    note_end_of_mains(now);
    return;
  }
  if (now < *mains_ended_ + grace_ || finished()) return;
  std::vector<std::string> names;
  for (const Member& member : members_) {
    if (member.state == State::running && member.task.kind == TaskKind::follower) names.push_back(member.task.name);
  }
  if (!names.empty()) {
    throw WorkError(names.front(), fmt::format("still running {} s after the last worker has ended: {}",
                                               std::chrono::duration<double>(grace_).count(), join(names)));
  }
  for (Member& member : members_) {
    if (member.state != State::running) continue;
    client_.signal(member.process, SIGKILL);
    recorder_.event("kill", member.task.node, "did not end after SIGTERM");
    member.state = State::ended;
  }
}

void Job::ended(const control::ProcessExit& exit, Clock::time_point now) {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
    return member.state == State::running && member.process == exit.process;
  });
  if (found == members_.end()) return;
  Member& member = *found;
  take(member, member.pipe.finish());
  member.state = State::ended;
  recorder_.event("exit", member.task.node, how_it_ended(exit));
  if (exit.status != 0 && member.task.kind != TaskKind::background) fail(member, exit);
  note_end_of_mains(now);
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

void Job::fail(const Member& member, const control::ProcessExit& exit) const {
  const std::string said =
      member.reported_error.empty() ? last_error_line(folder_.log(member.task.node)) : member.reported_error;
  throw WorkError(member.task.name, how_it_ended(exit) + (said.empty() ? std::string() : ": " + said),
                  "its log is " + folder_.log(member.task.node).string());
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
  std::optional<Clock::time_point> next;
  for (const Member& member : members_) {
    if (member.state != State::waiting) continue;
    const Clock::time_point at = *started_ + member.task.at;
    next = next ? std::min(*next, at) : at;
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

}  // namespace geomx::run

#pragma once

#include <poll.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/control/client.h"
#include "emulator/run/command_result.h"
#include "emulator/run/metrics_pipe.h"
#include "emulator/run/readiness.h"
#include "emulator/run/recorder.h"
#include "emulator/run/run_folder.h"
#include "emulator/run/tasks.h"

// The processes of a run: starts its tasks (tasks.h) in the lab, each with a log and, where it has one, a metrics pipe,
// and judges how they end. It never waits: the caller polls and tells it what has happened. Not thread-safe.
namespace geomx::run {

class Job {
 public:
  using Clock = std::chrono::steady_clock;

  // `grace`: how long followers may take to end after the last main task, and background tasks after SIGTERM.
  // All references must outlive the job.
  Job(std::vector<Task> tasks, control::Client& client, const RunFolder& folder, Recorder& recorder,
      std::chrono::milliseconds grace);

  // Starts what is due, looks for readiness, ends what runs over its limit. Throws WorkError where a process cannot be
  // started, is not ready in time or runs over a limit that it has to keep, or a follower overstays its grace.
  void advance(Clock::time_point now);
  // One of the job's processes has ended; others are ignored. Throws WorkError, one line naming the node and what its
  // log says last, where that fails the run. Returns a line for people where the run goes on without it; else nothing.
  std::string ended(const control::ProcessExit& exit, Clock::time_point now);
  // A node of the lab was killed, restarted, paused or resumed, whoever was the cause. What ran in a killed node counts
  // as ended, without failing the run, and is started again with its node.
  void node_changed(const std::string& node, const std::string& action);
  // The metrics pipes to poll, and what to do after: reads what is there, of each pipe so much at most that the others
  // and everything else get their turn. Whether anything was read.
  std::vector<pollfd> pipes() const;
  bool read_pipes();

  bool finished() const;
  // When advance(), called once before, has something to do though nothing has happened; nullopt: never.
  std::optional<Clock::time_point> next_deadline() const;
  // Who is still awaited, and how far each has come.
  std::string awaited() const;

  // What came of each task so far, in their order.
  std::vector<CommandResult> results() const;
  struct Tally {
    std::size_t over = 0;
    std::size_t all = 0;
  };
  Tally mains() const;

 private:
  enum class State { waiting, running, ended, killed };
  struct Member {
    Task task;
    State state = State::waiting;
    control::ProcessId process = 0;
    MetricsPipe pipe;
    std::string reported_error;
    std::optional<Readiness> readiness;
    std::optional<Clock::time_point> started;
    std::optional<Clock::time_point> ended;
    std::optional<Clock::time_point> kill_at;  // has been asked to end
    std::optional<int> exit_code;
    int starts = 0;
    int runs = 0;
    int failures = 0;  // of them
    bool ready = false;
    bool timed_out = false;
  };

  void start(Member& member, Clock::time_point now);
  bool start_when_possible(Member& member, Clock::time_point now);
  bool start_what_is_due(Clock::time_point now);
  bool look_for_readiness(Member& member, Clock::time_point now);
  void keep_to_limit(Member& member, Clock::time_point now);
  void end_the_rest(Clock::time_point now);
  std::optional<Clock::time_point> due(const Member& member) const;
  std::optional<Clock::time_point> released(const Member& member) const;
  CommandStatus status_of(const Member& member) const;
  bool all_ended(TaskKind kind) const;
  void take(Member& member, const std::vector<Metric>& metrics);
  [[noreturn]] void fail(const Member& member, const std::string& what) const;
  bool fails_the_run(const Member& member, const control::ProcessExit& exit) const;
  std::string why_it_is_not_needed(const Member& member, const control::ProcessExit& exit) const;
  std::filesystem::path log_of(const Member& member) const;
  void note_end_of_mains(Clock::time_point now);

  std::vector<Member> members_;
  control::Client& client_;
  const RunFolder& folder_;
  Recorder& recorder_;
  std::chrono::milliseconds grace_;
  std::map<std::string, bool> out_of_service_;  // nodes; true: killed, else paused
  std::optional<Clock::time_point> started_;
  std::optional<Clock::time_point> mains_ended_;
  std::optional<Clock::time_point> look_again_;  // for readiness
};

}  // namespace geomx::run

#pragma once

#include <optional>
#include <string>
#include <vector>

// What came of one command of a workload in one node.
namespace geomx::run {

enum class CommandStatus {
  not_started,
  running,    // when the run came to its end
  ok,         // exit code 0, in every repetition
  failed,     // any other
  timed_out,  // ran over its limit and was ended
  ended,      // in the background: asked to end with the others done
  killed,     // with its node
};
const char* to_string(CommandStatus status);

struct CommandResult {
  std::string name;  // empty: it has none
  std::string node;
  std::vector<std::string> argv;
  CommandStatus status = CommandStatus::not_started;
  std::optional<int> exit_code;   // of the last repetition; 128 + the signal that killed it
  int runs = 0;                   // repetitions that ended
  std::optional<double> started;  // seconds since the start of the job
  std::optional<double> seconds;  // that its last repetition ran
  std::string log;                // "logs/client.log", in the run folder
};

}  // namespace geomx::run

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What a training process says on its metrics pipe (descriptor 3): one JSON object per line, told apart by "type".
//
//   {"type":"step","round":12,"epoch":0,"loss":0.53,"samples":32,"compute_ms":2.1,"communicate_ms":130.2,"t":...}
//   {"type":"evaluation","round":469,"epoch":1,"test_accuracy":0.83,"test_loss":0.45,"samples":10000,
//    "evaluate_ms":310.0,"t":...}
//   {"type":"evaluating","samples":2560,"of":10000,"t":...}
//   {"type":"round","round":12,"gather_ms":0,"compute_ms":2.1,"push_ms":61.0,"wait_ms":8.2,"pull_ms":61.0,"t":...}
//   {"type":"absent","round":12,"workers":1,"t":...}
//   {"type":"lost","node":"worker 1","process":"b-worker-1:99","silent_seconds":15.2,"t":...}
//   {"type":"returned","node":"worker 1","process":"b-worker-1:140","t":...}
//   {"type":"phase","name":"ready|training|finished","t":...}
//   {"type":"error","message":"..."}
//
// "t" is in seconds since the epoch of CLOCK_REALTIME. The step of a worker that computes nothing has no loss. A type
// that is not known here is kept as it is (Other); a line that is no such object becomes Malformed. Nothing that a
// process writes can make the reader throw.
namespace geomx::run {

struct Step {
  std::int64_t round = 0;
  std::int64_t epoch = 0;
  std::optional<double> loss;  // not of a worker that computes nothing; NaN: diverged
  std::int64_t samples = 0;
  double compute_ms = 0;
  double communicate_ms = 0;
  double time = 0;
};

struct Evaluation {
  std::int64_t round = 0;
  std::int64_t epoch = 0;
  double test_accuracy = 0;
  double test_loss = 0;
  std::int64_t samples = 0;
  double evaluate_ms = 0;  // the node did not train meanwhile
  double time = 0;
};

// An evaluation that takes long: how far it is.
struct Evaluating {
  std::int64_t samples = 0;
  std::int64_t of = 0;
};

// What a node's round was spent on (timeline.h).
struct Round {
  std::int64_t round = 0;
  double gather_ms = 0;
  double compute_ms = 0;
  double push_ms = 0;
  double wait_ms = 0;
  double pull_ms = 0;
  double time = 0;
};

// A server's round closed without the gradients of so many of its workers.
struct Absence {
  std::int64_t round = 0;
  std::int64_t workers = 0;
  double time = 0;
};

// A scheduler has lost a node of its plane, or has it again.
struct Presence {
  bool lost = false;
  std::string node;     // as its plane calls it: "worker 1"
  std::string process;  // "HOST:PID"
  double silent_seconds = 0;
  double time = 0;
};

struct Phase {
  std::string name;
  std::int64_t rounds = 0;  // how many this process will do, where it says so ("rounds"); else 0
  double time = 0;
};

struct ReportedError {
  std::string message;
};

struct Other {
  std::string type;
  std::string json;
  double time = 0;
};

struct Malformed {
  std::string line;  // shortened
  std::string reason;
};

using Metric =
    std::variant<Step, Evaluating, Evaluation, Round, Absence, Presence, Phase, ReportedError, Other, Malformed>;

Metric parse_metric(std::string_view line);

// Cuts the bytes of one pipe into lines, which may arrive in any pieces.
class MetricsReader {
 public:
  // A line longer than this is malformed and is skipped to its end.
  static constexpr std::size_t kLongestLine = 64 * 1024;

  std::vector<Metric> feed(std::string_view bytes);
  // The pipe has ended: what is left without a newline.
  std::vector<Metric> finish();

 private:
  std::string rest_;
  bool skipping_ = false;
};

}  // namespace geomx::run

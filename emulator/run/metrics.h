#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What a training process says on its metrics pipe (descriptor 3): one JSON object per line, told apart by "type".
//
//   {"type":"step","round":12,"epoch":0,"loss":0.53,"samples":32,"compute_ms":2.1,"communicate_ms":130.2,"t":...}
//   {"type":"evaluation","round":469,"epoch":1,"test_accuracy":0.83,"test_loss":0.45,"samples":10000,
//    "evaluate_ms":310.0,"t":...}
//   {"type":"round","round":12,"gather_ms":0,"compute_ms":2.1,"push_ms":61.0,"wait_ms":8.2,"pull_ms":61.0,"t":...}
//   {"type":"phase","name":"ready|training|finished","t":...}
//   {"type":"error","message":"..."}
//
// "t" is in seconds since the epoch of CLOCK_REALTIME. A type that is not known here is kept as it is (Other); a line
// that is no such object becomes Malformed. Nothing that a process writes can make the reader throw.
namespace geomx::run {

struct Step {
  std::int64_t round = 0;
  std::int64_t epoch = 0;
  double loss = 0;
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

using Metric = std::variant<Step, Evaluation, Round, Phase, ReportedError, Other, Malformed>;

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

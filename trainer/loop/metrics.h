#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "trainer/loop/observer.h"

namespace geomx::trainer {

// Training as JSON lines, for programs:
//
//   {"type":"phase","name":"ready|training|finished","rounds":469,"t":...}
//   {"type":"step","round":12,"epoch":0,"loss":0.53,"samples":32,"compute_ms":2.1,"communicate_ms":130.2,"t":...}
//   {"type":"round","round":12,"gather_ms":0,"compute_ms":2.1,"push_ms":61.0,"wait_ms":8.2,"pull_ms":61.0,"t":...}
//   {"type":"evaluation","round":469,"epoch":1,"test_accuracy":0.83,"test_loss":0.45,"samples":10000,
//    "evaluate_ms":310.0,"t":...}
//   {"type":"evaluating","samples":2560,"of":10000,"t":...}
//   {"type":"replica","round":469,"checksum":"1f0c93b25ae6d477","t":...}
//   {"type":"absent","round":12,"workers":1,"t":...}
//   {"type":"lost","node":"worker 1","process":"b-worker-1:99","silent_seconds":15.2,"t":...}
//   {"type":"returned","node":"worker 1","process":"b-worker-1:140","t":...}
//   {"type":"error","message":"...","t":...}
//
// A loss that is no number is null; the step of a cost model has none. A checksum (FNV-1a of 64 bits) is over all
// parameters: replicas that have the same one are the same to the bit.
//
// "t" is in seconds of the system's clock since 1970. Training goes on without its reader: once a line cannot be
// written (the reader has closed the pipe, or has not read for 5 seconds), no more are tried and broken() says why.
// SIGPIPE must be ignored by the program.
class Metrics : public Observer {
 public:
  // A file to append to, a named pipe, or an inherited descriptor as /dev/fd/N. Throws Error naming it.
  explicit Metrics(const std::filesystem::path& path);
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void phase(const std::string& name, long rounds) override;
  void step(const StepReport& report, const Tensors& parameters) override;
  void evaluating(std::size_t done, std::size_t samples) override;
  void evaluation(const EvaluationReport& report) override;
  void replica(long round, const Tensors& parameters) override;
  // Of a server; a worker's steps tell of its own.
  void round(const RoundReport& report);
  // Of a server: a round closed without the gradients of so many of its workers.
  void absent(std::uint64_t round, std::uint32_t workers);
  // Of a scheduler: a node of its plane ("worker 1") is lost, or is there again. `process`: "HOST:PID".
  void lost(const std::string& node, const std::string& process, double silent_seconds);
  void returned(const std::string& node, const std::string& process);
  void error(const std::string& message);

  const std::string& broken() const { return broken_; }  // one line; empty: all is well

 private:
  void write(const std::string& line);
  std::filesystem::path path_;
  int fd_ = -1;
  std::string broken_;
};

}  // namespace geomx::trainer

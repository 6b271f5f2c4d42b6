#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "emulator/base/fd.h"
#include "emulator/run/metrics.h"

// The reading end of the pipe on which a process reports (metrics.h). It never waits. Not thread-safe.
namespace geomx::run {

class MetricsPipe {
 public:
  // What one read() takes at most: a process that writes faster than it is read must not keep the run from everything
  // else.
  static constexpr std::size_t kBytesPerTurn = 256 * 1024;

  MetricsPipe() = default;
  // Makes `end` non-blocking. `owner` is for messages.
  MetricsPipe(FileDescriptor end, std::string owner);

  int fd() const { return fd_.get(); }  // -1 once the pipe has ended
  // Reads some of what is there. Closes the pipe at its end. Throws SystemError.
  std::vector<Metric> read();
  // Its process has ended: reads what is left and closes the pipe. Whoever else holds its writing end is not waited
  // for.
  std::vector<Metric> finish();

 private:
  std::vector<Metric> read_at_most(std::size_t bytes);

  FileDescriptor fd_;
  std::string owner_;
  MetricsReader reader_;
};

}  // namespace geomx::run

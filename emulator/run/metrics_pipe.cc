#include "emulator/run/metrics_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "emulator/base/error.h"

namespace geomx::run {
namespace {

void append(std::vector<Metric>& metrics, std::vector<Metric> more) {
  metrics.insert(metrics.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

MetricsPipe::MetricsPipe(FileDescriptor end, std::string owner) : fd_(std::move(end)), owner_(std::move(owner)) {
  check(::fcntl(fd_.get(), F_SETFL, O_NONBLOCK), "make a metrics pipe non-blocking", owner_);
}

std::vector<Metric> MetricsPipe::read() {
  return read_at_most(kBytesPerTurn);
}

std::vector<Metric> MetricsPipe::finish() {
  std::vector<Metric> metrics;
  if (fd_) {
    // More than the pipe holds was written after its process had ended.
    const int capacity = check(::fcntl(fd_.get(), F_GETPIPE_SZ), "read the size of a metrics pipe", owner_);
    metrics = read_at_most(static_cast<std::size_t>(capacity));
  }
  fd_.reset();
  append(metrics, reader_.finish());
  return metrics;
}

std::vector<Metric> MetricsPipe::read_at_most(std::size_t bytes) {
  std::vector<Metric> metrics;
  char buffer[16 * 1024];
  while (fd_ && bytes > 0) {
    const ssize_t size = ::read(fd_.get(), buffer, std::min(bytes, sizeof buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size < 0) throw SystemError(owner_, "read metrics", errno);
    if (size == 0) {
      fd_.reset();
      break;
    }
    bytes -= static_cast<std::size_t>(size);
    append(metrics, reader_.feed({buffer, static_cast<std::size_t>(size)}));
  }
  return metrics;
}

}  // namespace geomx::run

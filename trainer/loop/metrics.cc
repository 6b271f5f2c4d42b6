#include "trainer/loop/metrics.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr int kPatience = 5000;  // milliseconds that a reader may be behind

// N of /dev/fd/N: opening that path fails where the descriptor is a socket, duplicating it does not.
std::optional<int> inherited(const std::string& path) {
  static const std::string prefix = "/dev/fd/";
  if (!path.starts_with(prefix)) return std::nullopt;
  int fd = -1;
  const char* end = path.data() + path.size();
  const auto result = std::from_chars(path.data() + prefix.size(), end, fd);
  if (result.ec != std::errc() || result.ptr != end || fd < 0) return std::nullopt;
  return fd;
}

nlohmann::ordered_json event(const char* type) {
  return {{"type", type}};
}

// JSON has no infinity; a diverged loss becomes null.
nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

std::string checksum(const Tensors& parameters) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (std::size_t tensor = 0; tensor < parameters.count(); ++tensor) {
    for (const float value : parameters[tensor]) {
      const auto bits = std::bit_cast<std::uint32_t>(value);
      for (int shift = 0; shift < 32; shift += 8) sum = (sum ^ ((bits >> shift) & 0xff)) * 0x100000001b3;
    }
  }
  return fmt::format("{:016x}", sum);
}

std::string line(nlohmann::ordered_json event) {
  event["t"] = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return event.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

Metrics::Metrics(const std::filesystem::path& path) : path_(path) {
  if (const auto fd = inherited(path.string())) {
    fd_ = ::fcntl(*fd, F_DUPFD_CLOEXEC, 0);
  } else {
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }
  if (fd_ < 0) throw Error("metrics cannot be written to " + path.string() + ": " + std::strerror(errno));
}

Metrics::~Metrics() {
  ::close(fd_);
}

void Metrics::phase(const std::string& name, long rounds) {
  auto json = event("phase");
  json["name"] = name;
  json["rounds"] = rounds;
  write(line(std::move(json)));
}

void Metrics::step(const StepReport& report, const Tensors&) {
  auto json = event("step");
  json["round"] = report.round;
  json["epoch"] = report.epoch;
  if (report.loss) json["loss"] = number(*report.loss);
  json["samples"] = report.samples;
  json["compute_ms"] = report.compute_ms;
  json["communicate_ms"] = report.communicate_ms;
  write(line(std::move(json)));
  round({.round = report.round,
         .compute_ms = report.compute_ms,
         .push_ms = report.push_ms,
         .wait_ms = report.wait_ms,
         .pull_ms = report.pull_ms});
}

void Metrics::round(const RoundReport& report) {
  auto json = event("round");
  json["round"] = report.round;
  json["gather_ms"] = report.gather_ms;
  json["compute_ms"] = report.compute_ms;
  json["push_ms"] = report.push_ms;
  json["wait_ms"] = report.wait_ms;
  json["pull_ms"] = report.pull_ms;
  write(line(std::move(json)));
}

void Metrics::evaluating(std::size_t done, std::size_t samples) {
  auto json = event("evaluating");
  json["samples"] = done;
  json["of"] = samples;
  write(line(std::move(json)));
}

void Metrics::evaluation(const EvaluationReport& report) {
  auto json = event("evaluation");
  json["round"] = report.round;
  json["epoch"] = report.epoch;
  json["test_accuracy"] = report.accuracy;
  json["test_loss"] = number(report.loss);
  json["samples"] = report.samples;
  json["evaluate_ms"] = report.evaluate_ms;
  write(line(std::move(json)));
}

void Metrics::replica(long round, const Tensors& parameters) {
  auto json = event("replica");
  json["round"] = round;
  json["checksum"] = checksum(parameters);
  write(line(std::move(json)));
}

void Metrics::absent(std::uint64_t round, std::uint32_t workers) {
  auto json = event("absent");
  json["round"] = round;
  json["workers"] = workers;
  write(line(std::move(json)));
}

void Metrics::lost(const std::string& node, const std::string& process, double silent_seconds) {
  auto json = event("lost");
  json["node"] = node;
  json["process"] = process;
  json["silent_seconds"] = silent_seconds;
  write(line(std::move(json)));
}

void Metrics::returned(const std::string& node, const std::string& process) {
  auto json = event("returned");
  json["node"] = node;
  json["process"] = process;
  write(line(std::move(json)));
}

void Metrics::error(const std::string& message) {
  auto json = event("error");
  json["message"] = message;
  write(line(std::move(json)));
}

void Metrics::write(const std::string& text) {
  if (!broken_.empty()) return;
  std::size_t written = 0;
  while (written < text.size()) {
    pollfd ready{fd_, POLLOUT, 0};
    const int polled = ::poll(&ready, 1, kPatience);
    if (polled < 0 && errno == EINTR) continue;
    if (polled == 0) {
      broken_ = "metrics end here: the reader of " + path_.string() + " has not read for 5 s";
      return;
    }
    // A pipe that is ready takes PIPE_BUF bytes, more than a line, without blocking.
    const ssize_t count = ::write(fd_, text.data() + written, std::min<std::size_t>(text.size() - written, PIPE_BUF));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      broken_ = "metrics end here: " + path_.string() + ": " + std::strerror(errno);
      return;
    }
    written += static_cast<std::size_t>(count);
  }
}

}  // namespace geomx::trainer

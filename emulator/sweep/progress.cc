#include "emulator/sweep/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace geomx::sweep {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr std::size_t kBar = 20;              // columns
constexpr std::chrono::seconds kSilence(30);  // between two lines, at most, where there is no bar
constexpr int kPercent = 100;

std::size_t columns(std::FILE* stream) {
  winsize size{};
  return ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string bar(const SweepState& state) {
  double done = static_cast<double>(state.done);
  for (const SweepState::Running& running : state.running) done += running.share;
  const double share = state.total > 0 ? std::min(1.0, done / static_cast<double>(state.total)) : 1;
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kBar));
  return "[" + std::string(filled, '#') + std::string(kBar - filled, '.') + "] ";
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string minutes(double seconds) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 3600;
  const auto whole = static_cast<std::int64_t>(std::ceil(std::max(0.0, seconds)));
  if (whole >= kHour) return fmt::format("{}:{:02}:{:02}", whole / kHour, whole % kHour / kMinute, whole % kMinute);
  return fmt::format("{}:{:02}", whole / kMinute, whole % kMinute);
}

double seconds_left(double mean_seconds, std::size_t waiting, const std::vector<double>& elapsed, int jobs) {
  double work = mean_seconds * static_cast<double>(waiting);
  double longest = waiting > 0 ? mean_seconds : 0;
  for (const double each : elapsed) {
    const double rest = std::max(0.0, mean_seconds - each);
    work += rest;
    longest = std::max(longest, rest);
  }
  return std::max(work / std::max(1, jobs), longest);
}

std::string progress_line(const SweepState& state, std::size_t width) {
  std::string line = width > 0 ? bar(state) : "";
  line += fmt::format("{}/{} runs", state.done, state.total);
  if (state.failed > 0) line += fmt::format("  {} failed", state.failed);
  if (state.degraded > 0) line += fmt::format("  {} degraded", state.degraded);
  if (state.seconds_left) line += fmt::format("  {} left", minutes(*state.seconds_left));
  for (const SweepState::Running& running : state.running) {
    line += fmt::format("  {} {:.0f}%", running.label, kPercent * running.share);
  }
  return width > 0 && line.size() > width ? line.substr(0, width) : line;
}

std::string progress_json(const SweepState& state) {
  Json json{{"type", "progress"},
            {"done", state.done},
            {"total", state.total},
            {"failed", state.failed},
            {"degraded", state.degraded},
            {"jobs", state.jobs},
            {"running", state.running.size()},
            {"elapsed_seconds", state.elapsed_seconds}};
  if (state.seconds_left) json["seconds_left"] = *state.seconds_left;
  return text_of(json);
}

SweepProgress::SweepProgress(Mode mode, std::FILE* stream)
    : stream_(stream),
      mode_(mode),
      terminal_(mode == Mode::automatic && ::isatty(::fileno(stream)) == 1),
      last_line_(Clock::now()) {}

SweepProgress::~SweepProgress() {
  clear_line();
}

void SweepProgress::clear_line() {
  if (!line_shown_) return;
  std::fputs("\r\033[K", stream_);
  std::fflush(stream_);
  line_shown_ = false;
}

void SweepProgress::print(const std::string& line) {
  clear_line();
  std::fputs((line + "\n").c_str(), stream_);
  std::fflush(stream_);
  last_line_ = Clock::now();
}

void SweepProgress::note(const std::string& text) {
  if (mode_ == Mode::silent) return;
  print(mode_ == Mode::json ? text_of({{"type", "step"}, {"text", text}}) : text);
}

void SweepProgress::ended(const EndedRun& run, const SweepState& state) {
  if (mode_ == Mode::silent) return;
  if (mode_ == Mode::json) {
    print(text_of(
        {{"type", "run"}, {"run", run.run}, {"label", run.label}, {"outcome", run.outcome}, {"seconds", run.seconds}}));
    print(progress_json(state));
    return;
  }
  if (terminal_ && !run.remarkable) return;
  std::string line = fmt::format("{}/{}  run {}", state.done, state.total, run.run);
  if (!run.label.empty()) line += " " + run.label;
  line += fmt::format(": {} ({:.1f} s", run.outcome, run.seconds);
  if (state.seconds_left && state.done < state.total) line += fmt::format("; {} left", minutes(*state.seconds_left));
  print(line + ")");
}

void SweepProgress::update(const SweepState& state) {
  if (mode_ == Mode::silent) return;
  if (mode_ == Mode::json) {
    print(progress_json(state));
  } else if (terminal_) {
    std::fputs(("\r" + progress_line(state, columns(stream_) - 1) + "\033[K").c_str(), stream_);
    std::fflush(stream_);
    line_shown_ = true;
  } else if (Clock::now() - last_line_ >= kSilence) {
    print(progress_line(state, 0));
  }
}

}  // namespace geomx::sweep

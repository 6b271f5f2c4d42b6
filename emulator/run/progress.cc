#include "emulator/run/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace geomx::run {
namespace {

using geomx::to_string;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

constexpr std::size_t kBar = 20;
constexpr std::size_t kMostLinks = 4;
constexpr std::chrono::seconds kBetweenLines(5);

std::string minutes(double seconds) {
  const long whole = std::lround(seconds);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string bar(double share) {
  const auto filled = static_cast<std::size_t>(share * kBar);
  return "[" + std::string(filled, '#') + std::string(kBar - filled, '.') + "] ";
}

std::size_t columns(std::FILE* stream) {
  winsize size{};
  return ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string training_part(const ProgressState& state, bool with_bar) {
  const TrainingResult& training = *state.training;
  std::string line;
  double share = 0;
  if (state.total_rounds && *state.total_rounds > 0) {
    share = std::min(1.0, static_cast<double>(training.rounds) / static_cast<double>(*state.total_rounds));
    if (with_bar) line += bar(share);
    line += fmt::format("{}/{} rounds", training.rounds, *state.total_rounds);
  } else {
    line += fmt::format("{} rounds", training.rounds);
  }
  if (training.train_loss) line += fmt::format("  loss {:.3f}", *training.train_loss);
  if (training.evaluated) line += fmt::format("  evaluating, {:.0f}% done", 100 * *training.evaluated);
  if (training.test_accuracy) line += fmt::format("  accuracy {:.1f}%", 100 * *training.test_accuracy);
  if (training.samples_per_second) {
    line += fmt::format("  {:.0f} samples/s", *training.samples_per_second);
    const double done_in = static_cast<double>(training.samples) / *training.samples_per_second;
    if (share > 0 && share < 1) line += fmt::format("  {} left", minutes(done_in * (1 - share) / share));
  }
  return line;
}

std::string commands_part(const Job::Tally& commands, bool with_bar) {
  if (commands.all == 0) return {};
  const double share = static_cast<double>(commands.over) / static_cast<double>(commands.all);
  return (with_bar ? bar(share) : "") + fmt::format("{}/{} commands  ", commands.over, commands.all);
}

std::string wan_part(const std::vector<Recorder::WanRate>& rates) {
  std::string line;
  for (std::size_t i = 0; i < rates.size() && i < kMostLinks; ++i) {
    const BitsPerSecond rate{static_cast<std::uint64_t>(rates[i].bits_per_second)};
    line += fmt::format("  {} {}", rates[i].direction, to_string(rate, true));
  }
  return line;
}

// On one line; paths need not be UTF-8.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string progress_line(const ProgressState& state, std::size_t width) {
  std::string line = minutes(state.elapsed_seconds) + "  ";
  if (state.commands) line += commands_part(*state.commands, width > 0);
  if (state.training && state.training->rounds > 0) {
    line += training_part(state, width > 0);
  } else if (!state.waiting_for.empty()) {
    line += "waiting for " + state.waiting_for;
  }
  line += wan_part(state.wan_rates);
  return width > 0 && line.size() > width ? line.substr(0, width) : line;
}

std::string progress_json(const ProgressState& state) {
  Json json{{"type", "progress"}, {"elapsed_seconds", state.elapsed_seconds}};
  const auto put = [&json](const char* key, const auto& value) {
    if (value) json[key] = *value;
  };
  if (state.training) {
    json["rounds"] = state.training->rounds;
    put("total_rounds", state.total_rounds);
    put("loss", state.training->train_loss);
    put("evaluated", state.training->evaluated);
    put("test_accuracy", state.training->test_accuracy);
    put("samples_per_second", state.training->samples_per_second);
  }
  if (state.commands) {
    json["commands"] = state.commands->over;
    json["total_commands"] = state.commands->all;
  }
  if (!state.waiting_for.empty()) json["waiting_for"] = state.waiting_for;
  return text_of(json);
}

ProgressView::ProgressView(Mode mode, std::FILE* stream)
    : stream_(stream),
      silent_(mode == Mode::silent),
      json_(mode == Mode::json),
      terminal_(mode == Mode::automatic && ::isatty(::fileno(stream)) == 1) {}

ProgressView::~ProgressView() {
  clear_line();
}

void ProgressView::clear_line() {
  if (!line_shown_) return;
  std::fputs("\r\033[K", stream_);
  std::fflush(stream_);
  line_shown_ = false;
}

void ProgressView::step(const std::string& what) {
  if (silent_) return;
  clear_line();
  print(json_ ? text_of({{"type", "step"}, {"text", what}}) : what);
}

void ProgressView::begin(const std::string& scenario, const std::string& folder) {
  if (json_) print(text_of({{"type", "begin"}, {"scenario", scenario}, {"folder", folder}}));
}

void ProgressView::lab(const std::string& name) {
  if (json_) print(text_of({{"type", "lab"}, {"name", name}}));
}

void ProgressView::print(const std::string& line) {
  std::fputs((line + "\n").c_str(), stream_);
  std::fflush(stream_);
}

void ProgressView::update(const ProgressState& state) {
  if (silent_) return;
  if (json_) {
    print(progress_json(state));
    return;
  }
  if (terminal_) {
    std::fputs(("\r" + progress_line(state, columns(stream_) - 1) + "\033[K").c_str(), stream_);
    std::fflush(stream_);
    line_shown_ = true;
    return;
  }
  const Clock::time_point now = Clock::now();
  const bool first_round = !training_ && state.training && state.training->rounds > 0;
  if (now < next_line_ && !first_round) return;
  training_ = training_ || first_round;
  next_line_ = now + kBetweenLines;
  step(progress_line(state, 0));
}

}  // namespace geomx::run

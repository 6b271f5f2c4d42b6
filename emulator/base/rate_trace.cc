#include "emulator/base/rate_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "emulator/base/error.h"

namespace geomx {
namespace {

constexpr std::size_t kMostDeliveries = 20'000'000;
constexpr std::int64_t kLongestMilliseconds = 7LL * 24 * 3600 * 1000;
constexpr Nanoseconds kPeakWindow = std::chrono::milliseconds(100);

BitsPerSecond rate_of(double bits, Nanoseconds time) {
  return {static_cast<std::uint64_t>(std::llround(bits / std::chrono::duration<double>(time).count()))};
}

double bits_of(std::size_t deliveries) {
  return static_cast<double>(deliveries) * 8 * static_cast<double>(kTracePacket.value);
}

}  // namespace

BitsPerSecond RateTrace::mean() const {
  if (!deliveries.empty()) return rate_of(bits_of(deliveries.size()), period);
  if (steps.empty()) return {};
  if (period.count() == 0) return steps.back().rate;
  double bits = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Nanoseconds end = i + 1 < steps.size() ? steps[i + 1].at : period;
    bits += static_cast<double>(steps[i].rate.value) * std::chrono::duration<double>(end - steps[i].at).count();
  }
  return rate_of(bits, period);
}

BitsPerSecond RateTrace::peak() const {
  BitsPerSecond most{};
  for (const Step& step : steps) most = std::max(most, step.rate);
  std::size_t first = 0;
  const Nanoseconds window = period.count() > 0 ? std::min(kPeakWindow, period) : kPeakWindow;
  for (std::size_t last = 0; last < deliveries.size(); ++last) {
    while (deliveries[last] - deliveries[first] >= window) ++first;
    most = std::max(most, rate_of(bits_of(last - first + 1), window));
  }
  return most;
}

RateTrace parse_mahimahi(std::string_view text, const std::string& name, bool loop) {
  RateTrace trace;
  trace.name = name;
  trace.loop = loop;
  int line_number = 0;
  const auto fail = [&](const std::string& what, const std::string& hint = {}) {
    throw InputError(fmt::format("{}:{}", name, line_number), what, hint);
  };
  std::int64_t last = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      if (text.empty()) break;
      fail("an empty line", "each line is the time of one delivery in milliseconds");
    }
    std::int64_t milliseconds = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), milliseconds);
    if (error != std::errc() || stop != line.data() + line.size() || milliseconds < 0 ||
        milliseconds > kLongestMilliseconds) {
      fail(fmt::format("\"{}\" is not a time", line.substr(0, 40)),
           fmt::format("each line is the time of one delivery in milliseconds, 0 to {}", kLongestMilliseconds));
    }
    if (milliseconds < last) {
      fail(fmt::format("{} ms comes after {} ms", milliseconds, last), "deliveries are in the order of time");
    }
    if (trace.deliveries.size() == kMostDeliveries) {
      fail(fmt::format("more than {} deliveries", kMostDeliveries), "a shorter trace that loops does the same");
    }
    last = milliseconds;
    trace.deliveries.emplace_back(std::chrono::milliseconds(milliseconds));
  }
  if (trace.deliveries.empty()) throw InputError(name, "the trace is empty", "each line is a time in milliseconds");
  if (last == 0) throw InputError(name, "the trace lasts for 0 ms", "its last line is how long it is");
  trace.period = trace.deliveries.back();
  return trace;
}

std::string to_string(const RateTrace& trace) {
  const std::string what =
      trace.deliveries.empty() ? fmt::format("{} of {} steps", trace.name, trace.steps.size()) : trace.name;
  return fmt::format("{}, {} in the mean, {}", what, to_string(trace.mean(), true), trace.loop ? "looped" : "once");
}

}  // namespace geomx

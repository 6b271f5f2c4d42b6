#include "emulator/base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "emulator/base/error.h"

namespace geomx {
namespace {

struct Unit {
  std::string_view suffix;
  double scale;
};

// Largest first: formatting takes the first unit that the value fills.
constexpr std::array<Unit, 4> kRateUnits{{{"Gbit", 1e9}, {"Mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}}};
constexpr std::array<Unit, 5> kDurationUnits{{{"min", 60e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}}};
constexpr std::array<Unit, 7> kByteUnits{{{"GiB", 1024.0 * 1024 * 1024},
                                          {"GB", 1e9},
                                          {"MiB", 1024.0 * 1024},
                                          {"MB", 1e6},
                                          {"KiB", 1024},
                                          {"KB", 1e3},
                                          {"B", 1}}};

double parse_quantity(std::string_view text, std::span<const Unit> units, std::string_view kind,
                      std::string_view example) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error == std::errc() && std::isfinite(number)) {
    if (number < 0) throw InputError({}, fmt::format("{} \"{}\" is negative", kind, text));
    for (const Unit& unit : units) {
      if (suffix == unit.suffix) return number * unit.scale;
    }
    if (suffix.empty()) {
      throw InputError({}, fmt::format("{} \"{}\" has no unit", kind, text),
                       fmt::format("write it as \"{}\"", example));
    }
  }
  std::string known;
  for (const Unit& unit : units) known += fmt::format("{}{}", known.empty() ? "" : ", ", unit.suffix);
  throw InputError({}, fmt::format("\"{}\" is not a {}", text, kind),
                   fmt::format("write it as \"{}\"; units: {}", example, known));
}

std::uint64_t to_integer(double value, std::string_view kind, std::string_view text) {
  if (value > 9e18) throw InputError({}, fmt::format("{} \"{}\" is too large", kind, text));
  return static_cast<std::uint64_t>(std::llround(value));
}

std::string format_quantity(double value, std::span<const Unit> units, bool rounded) {
  for (const Unit& unit : units) {
    const double scaled = value / unit.scale;
    const bool fits = rounded ? scaled >= 1 : scaled >= 1 && std::fmod(value * 1000, unit.scale) == 0;
    if (fits) return rounded ? fmt::format("{:.4g}{}", scaled, unit.suffix) : fmt::format("{}{}", scaled, unit.suffix);
  }
  return fmt::format("{}{}", value, units.back().suffix);
}

}  // namespace

BitsPerSecond parse_rate(std::string_view text) {
  return {to_integer(parse_quantity(text, kRateUnits, "rate", "100Mbit"), "rate", text)};
}

Nanoseconds parse_duration(std::string_view text) {
  return Nanoseconds(to_integer(parse_quantity(text, kDurationUnits, "duration", "30ms"), "duration", text));
}

Probability parse_probability(std::string_view text) {
  constexpr std::array<Unit, 1> kPercent{{{"%", 0.01}}};
  const double value = parse_quantity(text, kPercent, "probability", "0.1%");
  if (value > 1) throw InputError({}, fmt::format("probability \"{}\" is above 100%", text));
  return {value};
}

Bytes parse_bytes(std::string_view text) {
  return {to_integer(parse_quantity(text, kByteUnits, "size", "64KiB"), "size", text)};
}

std::string to_string(BitsPerSecond rate, bool rounded) {
  return format_quantity(static_cast<double>(rate.value), kRateUnits, rounded);
}

std::string to_string(Nanoseconds duration, bool rounded) {
  // Minutes are understood but not written: "90s" reads better than "1.5min".
  return format_quantity(static_cast<double>(duration.count()), std::span(kDurationUnits).subspan(1), rounded);
}

std::string to_string(Probability probability) {
  return fmt::format("{:.6g}%", probability.value * 100);
}

std::string to_string(Bytes size, bool rounded) {
  constexpr std::array<Unit, 4> kBinary{{kByteUnits[0], kByteUnits[2], kByteUnits[4], kByteUnits[6]}};
  return format_quantity(static_cast<double>(size.value), kBinary, rounded);
}

Nanoseconds transmission_time(Bytes size, BitsPerSecond rate) {
  return Nanoseconds(std::llround(static_cast<double>(size.value) * 8e9 / static_cast<double>(rate.value)));
}

}  // namespace geomx

#include "emulator/sweep/quantity.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "emulator/base/error.h"
#include "emulator/base/units.h"

namespace geomx::sweep {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

template <typename Parse>
std::optional<double> unless_refused(const Parse& parse) {
  try {
    return parse();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

std::string number_text(double value) {
  return fmt::format("{:.12g}", value);
}

// Without what arithmetic has left beyond the 12th digit.
double rounded(double value) {
  return *parse_number(number_text(value));
}

}  // namespace

std::optional<Quantity> parse_quantity(std::string_view text) {
  using Kind = Quantity::Kind;
  constexpr std::string_view kPackets = "packets";
  if (const auto number = parse_number(text)) return Quantity{Kind::number, *number};
  if (text.ends_with(kPackets)) {
    const auto number = parse_number(text.substr(0, text.size() - kPackets.size()));
    return number ? std::optional(Quantity{Kind::packets, *number}) : std::nullopt;
  }
  if (const auto value = unless_refused([&] { return static_cast<double>(parse_rate(text).value); }))
    return Quantity{Kind::rate, *value};
  if (const auto value = unless_refused([&] { return static_cast<double>(parse_duration(text).count()); }))
    return Quantity{Kind::duration, *value};
  if (const auto value = unless_refused([&] { return parse_probability(text).value; }))
    return Quantity{Kind::probability, *value};
  if (const auto value = unless_refused([&] { return static_cast<double>(parse_bytes(text).value); }))
    return Quantity{Kind::size, *value};
  return std::nullopt;
}

std::string to_string(const Quantity& quantity) {
  const auto whole = [&] { return static_cast<std::uint64_t>(std::llround(std::max(0.0, quantity.value))); };
  switch (quantity.kind) {
    case Quantity::Kind::number:
      return number_text(quantity.value);
    case Quantity::Kind::rate:
      return geomx::to_string(BitsPerSecond{whole()});
    case Quantity::Kind::duration:
      return geomx::to_string(Nanoseconds(static_cast<std::int64_t>(whole())));
    case Quantity::Kind::probability:
      return geomx::to_string(Probability{rounded(quantity.value)});
    case Quantity::Kind::size:
      return geomx::to_string(Bytes{whole()});
    case Quantity::Kind::packets:
      return fmt::format("{}packets", whole());
  }
  return {};
}

double in_base_unit(const Quantity& quantity) {
  return quantity.kind == Quantity::Kind::duration ? quantity.value / kNanosecondsPerSecond : quantity.value;
}

}  // namespace geomx::sweep

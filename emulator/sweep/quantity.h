#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace geomx::sweep {

// A number with or without one of the scenario file's units. Pure.
struct Quantity {
  enum class Kind { number, rate, duration, probability, size, packets };
  Kind kind = Kind::number;
  double value = 0;  // in bits per second, nanoseconds, shares of 1, bytes
};

std::optional<Quantity> parse_quantity(std::string_view text);

// The shortest spelling to 12 digits.
std::string to_string(const Quantity& quantity);

// In bits per second, seconds, shares of 1, bytes, packets: what tables and charts count in.
double in_base_unit(const Quantity& quantity);

}  // namespace geomx::sweep

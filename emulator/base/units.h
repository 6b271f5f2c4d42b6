#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

// Strong types for the quantities of a link, and their spelling in files and on the command line.
//
// A value always carries its unit: "100Mbit", "30ms", "0.1%", "500packets", "64KiB". A bare number is an error, because
// nobody remembers whether it meant bits or bytes. Bit rates use decimal prefixes (1 Mbit = 10^6 bit/s); sizes use
// KiB/MiB/GiB (binary) or KB/MB/GB (decimal).
namespace geomx {

using Nanoseconds = std::chrono::nanoseconds;

struct BitsPerSecond {
  std::uint64_t value = 0;
  auto operator<=>(const BitsPerSecond&) const = default;
};

struct Bytes {
  std::uint64_t value = 0;
  auto operator<=>(const Bytes&) const = default;
};

// A probability in [0, 1]; written in files as a percentage, "0.1%".
struct Probability {
  double value = 0;
  auto operator<=>(const Probability&) const = default;
};

// Each parser throws InputError (error.h) whose message says what was read and gives an example of what is wanted.
BitsPerSecond parse_rate(std::string_view text);       // "1kbit" .. "40Gbit", fractions allowed: "1.5Mbit"
Nanoseconds parse_duration(std::string_view text);     // "10us", "30ms", "1.5s", "2min"
Probability parse_probability(std::string_view text);  // "0.1%"
Bytes parse_bytes(std::string_view text);              // "1500B", "64KiB", "1MB"

// The shortest spelling that parses back to the same value (rates and durations may be rounded to 4 significant digits
// when `rounded`: for people, not for files).
std::string to_string(BitsPerSecond rate, bool rounded = false);
std::string to_string(Nanoseconds duration, bool rounded = false);
std::string to_string(Probability probability);
std::string to_string(Bytes size, bool rounded = false);

// How long `size` occupies a link of `rate`; rate must not be 0.
Nanoseconds transmission_time(Bytes size, BitsPerSecond rate);

}  // namespace geomx

// The formats of quantities with a unit.
#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>

#include "emulator/base/error.h"
#include "emulator/scenario/formats.h"

namespace geomx::scenario {
namespace {

constexpr std::uint32_t kMostPackets = 10'000'000;
constexpr std::uint64_t kFullFrame = 1514;  // bytes of Ethernet without FCS at MTU 1500: less passes nothing
constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;

// Reads a quantity by one of units.h's parsers. A bare number goes through it too: it explains what is missing.
template <class T>
bool read_quantity(T (*parse)(std::string_view), const Json& value, const std::string& pointer, T& into,
                   Problems& problems) {
  if (!value.is_string() && !value.is_number()) {
    wrong_type("a string", value, pointer, problems);
    return false;
  }
  try {
    into = parse(value.is_string() ? value.get<std::string>() : value.dump());
    return true;
  } catch (const InputError& error) {
    problems.push_back({pointer, error.what(), error.hint()});
    return false;
  }
}

template <class T>
bool in_range(const char* what, const T& value, const T& min, const T& max, const std::string& pointer,
              Problems& problems) {
  if (value >= min && value <= max) return true;
  problems.push_back({pointer, fmt::format("{} {} is out of range", what, to_string(value)),
                      fmt::format("{} to {}", to_string(min), to_string(max))});
  return false;
}

// "0.1%" parses to 0.1 * 0.01: prints the percentage whose product is `probability` to the bit, as short as can be.
std::string exact(Probability probability) {
  for (int digits = 1; digits <= 17; ++digits) {
    const double percent = probability.value * 100;
    for (const double candidate : {percent, std::nextafter(percent, 0.0), std::nextafter(percent, 101.0)}) {
      std::string text = fmt::format("{:.{}g}%", candidate, digits);
      if (text.find("e+") == std::string::npos && parse_probability(text) == probability) return text;
    }
  }
  return to_string(probability);
}

bool read_queue_text(const std::string& text, const std::string& pointer, Queue& into, Problems& problems) {
  constexpr std::string_view kPackets = "packets";
  if (text == "auto") {
    into = QueueAuto{};
    return true;
  }
  if (text.ends_with(kPackets)) {
    std::uint32_t count = 0;
    const char* const end = text.data() + text.size() - kPackets.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    if (error == std::errc() && stop == end && count >= 1 && count <= kMostPackets) {
      into = QueuePackets{count};
      return true;
    }
    problems.push_back({pointer, fmt::format("\"{}\" is not a number of packets from 1 to {}", text, kMostPackets),
                        "write it as \"500packets\""});
    return false;
  }
  try {
    const Bytes bytes = parse_bytes(text);
    if (!in_range("queue", bytes, Bytes{kFullFrame}, Bytes{kMostBytes}, pointer, problems)) return false;
    into = bytes;
    return true;
  } catch (const InputError&) {
    const bool bare = !text.empty() && std::isdigit(static_cast<unsigned char>(text.back())) != 0;
    problems.push_back({pointer, fmt::format("queue \"{}\" {}", text, bare ? "has no unit" : "is not a size"),
                        "write it as \"500packets\", \"64KiB\" or \"auto\""});
    return false;
  }
}

}  // namespace

Format<BitsPerSecond> rate(BitsPerSecond min, BitsPerSecond max) {
  return {{{"title", "rate"}, {"type", "string"}, {"examples", {"100Mbit", "1.5Gbit"}}},
          [min, max](const Json& value, const std::string& pointer, BitsPerSecond& into, Problems& problems) {
            BitsPerSecond read;
            if (!read_quantity(parse_rate, value, pointer, read, problems)) return false;
            into = read;
            return in_range("rate", read, min, max, pointer, problems);
          },
          [](BitsPerSecond value) { return Json(to_string(value)); }};
}

Format<Nanoseconds> duration(Nanoseconds max) {
  return duration(Nanoseconds(0), max);
}

Format<Nanoseconds> duration(Nanoseconds min, Nanoseconds max) {
  return {{{"title", "duration"}, {"type", "string"}, {"examples", {"30ms", "1.5s"}}},
          [min, max](const Json& value, const std::string& pointer, Nanoseconds& into, Problems& problems) {
            Nanoseconds read{};
            if (!read_quantity(parse_duration, value, pointer, read, problems)) return false;
            into = read;
            return in_range("duration", read, min, max, pointer, problems);
          },
          [](Nanoseconds value) { return Json(to_string(value)); }};
}

Format<Probability> probability() {
  return {{{"title", "percentage"}, {"type", "string"}, {"examples", {"0.1%"}}},
          [](const Json& value, const std::string& pointer, Probability& into, Problems& problems) {
            return read_quantity(parse_probability, value, pointer, into, problems);
          },
          [](Probability value) { return Json(exact(value)); }};
}

Format<Bytes> size(Bytes min, Bytes max) {
  return {{{"title", "size"}, {"type", "string"}, {"examples", {"512MiB", "2GB"}}},
          [min, max](const Json& value, const std::string& pointer, Bytes& into, Problems& problems) {
            Bytes read;
            if (!read_quantity(parse_bytes, value, pointer, read, problems)) return false;
            into = read;
            return in_range("size", read, min, max, pointer, problems);
          },
          [](Bytes value) { return Json(to_string(value)); }};
}

Format<Queue> queue() {
  return {{{"title", "queue"}, {"type", "string"}, {"examples", {"500packets", "64KiB", "auto"}}, {"default", "auto"}},
          [](const Json& value, const std::string& pointer, Queue& into, Problems& problems) {
            if (!value.is_string() && !value.is_number()) {
              wrong_type("a string", value, pointer, problems);
              return false;
            }
            return read_queue_text(value.is_string() ? value.get<std::string>() : value.dump(), pointer, into,
                                   problems);
          },
          [](const Queue& value) {
            if (const auto* packets = std::get_if<QueuePackets>(&value)) {
              return Json(fmt::format("{}packets", packets->count));
            }
            if (const auto* bytes = std::get_if<Bytes>(&value)) return Json(to_string(*bytes));
            return Json();  // left out: auto
          }};
}

}  // namespace geomx::scenario

#include "emulator/scenario/formats.h"

#include <fmt/ranges.h>

#include <cctype>
#include <charconv>
#include <cmath>

#include "emulator/base/error.h"

namespace geomx::scenario {
namespace {

constexpr std::size_t kLongestName = 40;  // leaves room for "-global-scheduler" in a hostname of 63
constexpr std::uint32_t kMostPackets = 10'000'000;
constexpr std::uint64_t kFullFrame = 1514;  // bytes of Ethernet without FCS at MTU 1500: less passes nothing
constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30;

void wrong_type(const char* wanted, const Json& value, const std::string& pointer, Problems& problems) {
  problems.push_back({pointer, fmt::format("expected {}, found {}", wanted, kind_of(value)), ""});
}

bool read_string(const Json& value, const std::string& pointer, std::string& into, Problems& problems) {
  if (!value.is_string()) {
    wrong_type("a string", value, pointer, problems);
    return false;
  }
  into = value.get<std::string>();
  return true;
}

bool valid_name(const std::string& name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= kLongestName && name.front() >= 'a' && name.front() <= 'z' &&
         name.back() != '-' && std::all_of(name.begin(), name.end(), allowed);
}

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

Format<double> bounded(Json schema, bool (*holds)(double value, double limit), double limit, std::string range) {
  return {std::move(schema),
          [holds, limit, range](const Json& value, const std::string& pointer, double& into, Problems& problems) {
            if (!value.is_number()) {
              wrong_type("a number", value, pointer, problems);
              return false;
            }
            const double x = value.get<double>();
            if (!holds(x, limit)) {
              problems.push_back({pointer, fmt::format("{} is out of range", value.dump()), range});
              return false;
            }
            into = x;
            return true;
          },
          [](double value) { return Json(value); }};
}

template <class Int>
Format<Int> any_integer(Int min, Int max) {
  return {
      {{"title", "integer"}, {"type", "integer"}, {"minimum", min}, {"maximum", max}},
      [min, max](const Json& value, const std::string& pointer, Int& into, Problems& problems) {
        if (!value.is_number_integer()) {
          problems.push_back(
              {pointer, fmt::format("expected an integer, found {}", value.is_number() ? value.dump() : kind_of(value)),
               ""});
          return false;
        }
        const bool negative = !value.is_number_unsigned() && value.get<std::int64_t>() < 0;
        const bool fits = negative ? value.get<std::int64_t>() >= static_cast<std::int64_t>(min)
                                   : value.get<std::uint64_t>() >= static_cast<std::uint64_t>(min) &&
                                         value.get<std::uint64_t>() <= static_cast<std::uint64_t>(max);
        if (!fits) {
          problems.push_back(
              {pointer, fmt::format("{} is out of range", value.dump()), fmt::format("{} to {}", min, max)});
          return false;
        }
        into = value.get<Int>();
        return true;
      },
      [](Int value) { return Json(value); }};
}

// "0.1%" parses to 0.1 * 0.01: prints the percentage whose product is `probability` to the bit, as short as can be.
std::string exact(Probability probability) {
  for (int digits = 1; digits <= 17; ++digits) {
    const double percent = probability.value * 100;
    for (const double candidate : {percent, std::nextafter(percent, 0.0), std::nextafter(percent, 101.0)}) {
      std::string text = fmt::format("{:.{}g}%", candidate, digits);
      if (parse_probability(text) == probability) return text;
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

Format<std::string> text() {
  return {{{"title", "text"}, {"type", "string"}}, read_string, [](const std::string& value) {
            return value.empty() ? Json() : Json(value);
          }};
}

Format<std::string> name() {
  return {
      {{"title", "name"}, {"type", "string"}, {"pattern", "^[a-z]([a-z0-9-]*[a-z0-9])?$"}, {"maxLength", kLongestName}},
      [](const Json& value, const std::string& pointer, std::string& into, Problems& problems) {
        if (!read_string(value, pointer, into, problems)) return false;
        if (!valid_name(into)) {
          problems.push_back(
              {pointer, fmt::format("\"{}\" cannot be a name", into),
               fmt::format("lower-case letters, digits and inner hyphens, a letter first, at most {}", kLongestName)});
        }
        return true;  // kept, so that references to it are still known
      },
      [](const std::string& value) { return Json(value); }};
}

Format<std::string> word(const char* title) {
  return {{{"title", title}, {"type", "string"}, {"minLength", 1}},
          [](const Json& value, const std::string& pointer, std::string& into, Problems& problems) {
            if (!read_string(value, pointer, into, problems)) return false;
            if (into.empty()) problems.push_back({pointer, "must not be empty", ""});
            return !into.empty();
          },
          [](const std::string& value) { return Json(value); }};
}

Format<std::string> choice(std::vector<std::string> options, std::vector<std::string> later) {
  return {
      {{"title", "choice"}, {"type", "string"}, {"enum", options}},
      [options, later](const Json& value, const std::string& pointer, std::string& into, Problems& problems) {
        std::string text;
        if (!read_string(value, pointer, text, problems)) return false;
        const bool known = std::find(options.begin(), options.end(), text) != options.end();
        if (!known) {
          const bool is_later = std::any_of(later.begin(), later.end(), [&](const std::string& option) {
            return text == option || text.starts_with(option + ":");  // "cuda:0" is a "cuda"
          });
          const std::string near = is_later ? "" : nearest(text, options);
          problems.push_back({pointer, fmt::format("\"{}\" is not {}", text, is_later ? "supported yet" : "known here"),
                              near.empty() ? fmt::format("known: {}", fmt::join(options, ", "))
                                           : fmt::format("did you mean \"{}\"?", near)});
          return false;
        }
        into = std::move(text);
        return true;
      },
      [](const std::string& value) { return Json(value); }};
}

Format<NodeKind> node_kind() {
  const std::vector<std::string> names{"host", "router", "switch"};  // in the order of NodeKind
  const Format<std::string> spelled = choice(names);
  return {spelled.schema,
          [names, spelled](const Json& value, const std::string& pointer, NodeKind& into, Problems& problems) {
            std::string text;
            if (!spelled.read(value, pointer, text, problems)) return false;
            into = static_cast<NodeKind>(std::find(names.begin(), names.end(), text) - names.begin());
            return true;
          },
          [names](NodeKind kind) { return Json(names[static_cast<std::size_t>(kind)]); }};
}

Format<bool> boolean() {
  return {{{"title", "true or false"}, {"type", "boolean"}},
          [](const Json& value, const std::string& pointer, bool& into, Problems& problems) {
            if (!value.is_boolean()) {
              wrong_type("true or false", value, pointer, problems);
              return false;
            }
            into = value.get<bool>();
            return true;
          },
          [](bool value) { return Json(value); }};
}

Format<std::uint64_t> integer64(std::uint64_t min, std::uint64_t max) {
  return any_integer(min, max);
}
Format<int> integer(int min, int max) {
  return any_integer(min, max);
}

Format<double> number() {
  return bounded(
      {{"title", "number"}, {"type", "number"}}, [](double, double) { return true; }, 0, "");
}

Format<double> positive_number(double max) {
  return bounded(
      {{"title", "number"}, {"type", "number"}, {"exclusiveMinimum", 0}, {"maximum", max}},
      [](double value, double limit) { return value > 0 && value <= limit; }, max,
      fmt::format("above 0, at most {}", max));
}

Format<double> non_negative_number(double max) {
  return bounded(
      {{"title", "number"}, {"type", "number"}, {"minimum", 0}, {"maximum", max}},
      [](double value, double limit) { return value >= 0 && value <= limit; }, max, fmt::format("0 to {}", max));
}

Format<double> fraction_below_one() {
  return bounded(
      {{"title", "number"}, {"type", "number"}, {"minimum", 0}, {"exclusiveMaximum", 1}},
      [](double value, double limit) { return value >= 0 && value < limit; }, 1, "at least 0, below 1");
}

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
  return {{{"title", "duration"}, {"type", "string"}, {"examples", {"30ms", "1.5s"}}},
          [max](const Json& value, const std::string& pointer, Nanoseconds& into, Problems& problems) {
            Nanoseconds read{};
            if (!read_quantity(parse_duration, value, pointer, read, problems)) return false;
            into = read;
            return in_range("duration", read, Nanoseconds(0), max, pointer, problems);
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

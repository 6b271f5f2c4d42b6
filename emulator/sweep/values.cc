#include "emulator/sweep/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "emulator/base/error.h"
#include "emulator/sweep/quantity.h"

namespace geomx::sweep {
namespace {

constexpr const char* kExamples = "for example 1..5, 10ms..50ms:10ms, 1Mbit..1Gbit:x10 or 1Mbit..1Gbit:log7";
constexpr double kSlack = 1e-9;  // of a step: what arithmetic may leave over

// At commas that no bracket and no quote holds.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  bool quoted = false;
  bool escaped = false;
  for (const char c : text) {
    if (!quoted && depth == 0 && c == ',') {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = quoted && c == '\\' && !escaped;
    if (!quoted && (c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ']' || c == '}')) --depth;
  }
  return parts;
}

// "FROM..TO" or "FROM..TO:STEP" as the values that it stands for.
class Range {
 public:
  Range(std::string_view text, std::string where) : text_(text), where_(std::move(where)) {}

  // Whether the text is one at all: a quantity before the dots.
  bool is_range() const {
    const std::size_t dots = text_.find("..");
    return dots != std::string::npos && parse_quantity(text_.substr(0, dots)).has_value();
  }

  std::vector<std::string> values() const {
    const std::size_t dots = text_.find("..");
    const std::size_t colon = text_.find(':', dots);
    const auto from = parse_quantity(text_.substr(0, dots));
    const auto to = parse_quantity(text_.substr(dots + 2, colon - dots - 2));
    if (!to) fail("its end is no number with a unit that is known");
    if (from->kind != to->kind) fail("its ends are of different kinds");
    if (colon == std::string::npos) return steps(*from, to->value, natural_step(*from, *to));
    const std::string step = text_.substr(colon + 1);
    if (step.starts_with("x")) return factors(*from, to->value, number(step.substr(1)));
    if (step.starts_with("log")) return logarithmic(*from, to->value, number(step.substr(3)));
    const auto quantity = parse_quantity(step);
    if (!quantity || quantity->kind != from->kind) fail(fmt::format("\"{}\" is no step of it", step));
    return steps(*from, to->value, quantity->value);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw InputError(where_, text_ + ": " + what, kExamples); }

  double number(const std::string& text) const {
    const auto quantity = parse_quantity(text);
    if (!quantity || quantity->kind != Quantity::Kind::number) fail(fmt::format("\"{}\" is no number", text));
    return quantity->value;
  }

  double natural_step(const Quantity& from, const Quantity& to) const {
    const bool whole = from.value == std::floor(from.value) && to.value == std::floor(to.value);
    if (from.kind != Quantity::Kind::number || !whole) fail("a range of anything but whole numbers has a step");
    return 1;
  }

  void bound(double count) const {
    if (!(count <= static_cast<double>(kMostValues))) fail(fmt::format("more than {} values", kMostValues));
  }

  std::vector<std::string> steps(const Quantity& from, double to, double step) const {
    if (!(step > 0)) fail("a step is above 0");
    const double length = std::abs(to - from.value) / step;
    bound(length);
    const double sign = to < from.value ? -1 : 1;
    std::vector<std::string> values;
    for (int i = 0; i <= length + kSlack; ++i) values.push_back(to_string({from.kind, from.value + sign * i * step}));
    return values;
  }

  std::vector<std::string> factors(const Quantity& from, double to, double factor) const {
    if (!(factor > 1)) fail("a factor is above 1");
    if (!(from.value > 0) || !(to >= from.value)) fail("a range with a factor goes up from above 0");
    const double length = std::log(to / from.value) / std::log(factor);
    bound(length);
    std::vector<std::string> values;
    for (int i = 0; i <= length + kSlack; ++i)
      values.push_back(to_string({from.kind, from.value * std::pow(factor, i)}));
    return values;
  }

  // Those between the ends are rounded to three digits.
  std::vector<std::string> logarithmic(const Quantity& from, double to, double count) const {
    if (!(from.value > 0) || !(to > 0)) fail("a logarithmic range is above 0");
    if (!(count >= 2) || count != std::floor(count)) fail("a logarithmic range has 2 values or more");
    bound(count);
    std::vector<std::string> values;
    const int last = static_cast<int>(count) - 1;
    for (int i = 0; i <= last; ++i) {
      const double value = from.value * std::pow(to / from.value, static_cast<double>(i) / last);
      const bool end = i == 0 || i == last;
      values.push_back(
          to_string({from.kind, end ? (i == 0 ? from.value : to) : std::stod(fmt::format("{:.3g}", value))}));
    }
    return values;
  }

  std::string text_;
  std::string where_;
};

std::vector<std::string> lines_of(const std::filesystem::path& path, const std::string& where) {
  errno = 0;
  std::ifstream file(path);
  if (!file) throw InputError(where, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    lines.push_back(line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1));
    if (lines.size() > kMostValues) break;  // to_values() says so
  }
  if (lines.empty()) throw InputError(where, path.string() + " has no values", "write one per line");
  return lines;
}

}  // namespace

Value to_value(std::string text) {
  const std::string bare = display(text);
  const auto quantity = parse_quantity(bare);
  return {std::move(text), quantity ? std::optional(in_base_unit(*quantity)) : std::nullopt};
}

std::vector<Value> to_values(const std::vector<std::string>& texts, const std::string& where) {
  if (texts.empty()) throw InputError(where, "no values");
  if (texts.size() > kMostValues) throw InputError(where, fmt::format("more than {} values", kMostValues));
  std::vector<Value> values;
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    if (text.empty()) throw InputError(where, "a value is empty", "for example training.sync.name=fsa,hfa");
    if (!seen.insert(text).second) throw InputError(where, fmt::format("the value {} is there twice", text));
    values.push_back(to_value(text));
  }
  return values;
}

std::vector<Value> expand_values(std::string_view text, const std::string& where, const std::filesystem::path& folder) {
  if (text.starts_with("@")) return to_values(lines_of(folder / text.substr(1), where), where);
  std::vector<std::string> texts;
  for (const std::string& part : split(text)) {
    const Range range(part, where);
    const std::vector<std::string> some = range.is_range() ? range.values() : std::vector<std::string>{part};
    texts.insert(texts.end(), some.begin(), some.end());
  }
  return to_values(texts, where);
}

std::string display(const std::string& text) {
  const nlohmann::ordered_json json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_structured()) return text;
  std::string plain = json.dump();
  std::erase(plain, '"');
  return plain;
}

}  // namespace geomx::sweep

#include "emulator/scenario/formats.h"

#include <fmt/ranges.h>

#include <cctype>
#include <charconv>
#include <cmath>

#include "emulator/base/error.h"

namespace geomx::scenario {
namespace {

constexpr std::size_t kLongestName = 40;  // leaves room for "-global-scheduler" in a hostname of 63

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

Format<double> bounded(Json schema, const std::function<bool(double)>& holds, const std::string& range) {
  return {std::move(schema),
          [holds, range](const Json& value, const std::string& pointer, double& into, Problems& problems) {
            if (!value.is_number()) {
              wrong_type("a number", value, pointer, problems);
              return false;
            }
            const double x = value.get<double>();
            if (!holds(x)) {
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

}  // namespace

void wrong_type(const char* wanted, const Json& value, const std::string& pointer, Problems& problems) {
  problems.push_back({pointer, fmt::format("expected {}, found {}", wanted, kind_of(value)), ""});
}

Format<std::string> text() {
  return {{{"title", "text"}, {"type", "string"}}, read_string, [](const std::string& value) { return Json(value); }};
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

Format<std::string> choice(const std::vector<std::string>& options) {
  return {{{"title", "choice"}, {"type", "string"}, {"enum", options}},
          [options](const Json& value, const std::string& pointer, std::string& into, Problems& problems) {
            std::string text;
            if (!read_string(value, pointer, text, problems)) return false;
            const bool known = std::find(options.begin(), options.end(), text) != options.end();
            if (!known) {
              const std::string near = nearest(text, options);
              problems.push_back({pointer, fmt::format("\"{}\" is not known here", text),
                                  near.empty() ? fmt::format("known: {}", fmt::join(options, ", "))
                                               : fmt::format("did you mean \"{}\"?", near)});
              return false;
            }
            into = std::move(text);
            return true;
          },
          [](const std::string& value) { return Json(value); }};
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

Format<bool> flag() {
  Format<bool> format = boolean();
  format.write = [](bool value) { return value ? Json(true) : Json(); };
  return format;
}

Format<std::uint64_t> integer64(std::uint64_t min, std::uint64_t max) {
  return any_integer(min, max);
}
Format<int> integer(int min, int max) {
  return any_integer(min, max);
}

Format<double> number() {
  return bounded(
      {{"title", "number"}, {"type", "number"}}, [](double) { return true; }, "");
}

Format<double> positive_number(double max) {
  return bounded(
      {{"title", "number"}, {"type", "number"}, {"exclusiveMinimum", 0}, {"maximum", max}},
      [max](double value) { return value > 0 && value <= max; }, fmt::format("above 0, at most {}", max));
}

Format<double> non_negative_number(double max) {
  return number_between(0, max);
}

Format<double> number_between(double min, double max) {
  return bounded(
      {{"title", "number"}, {"type", "number"}, {"minimum", min}, {"maximum", max}},
      [min, max](double value) { return value >= min && value <= max; }, fmt::format("{} to {}", min, max));
}

Format<double> fraction_below_one() {
  return bounded(
      {{"title", "number"}, {"type", "number"}, {"minimum", 0}, {"exclusiveMaximum", 1}},
      [](double value) { return value >= 0 && value < 1; }, "at least 0, below 1");
}

Format<std::map<std::string, double>> factors(double min, double max) {
  const Format<double> factor = number_between(min, max);
  return {
      {{"title", "names with numbers"}, {"type", "object"}, {"additionalProperties", factor.schema}},
      [factor](const Json& value, const std::string& pointer, std::map<std::string, double>& into, Problems& problems) {
        if (!value.is_object()) {
          wrong_type("an object of names and numbers", value, pointer, problems);
          return false;
        }
        bool all = true;
        for (const auto& [name, number] : value.items()) {
          all = factor.read(number, child(pointer, name), into[name], problems) && all;
        }
        return all;
      },
      [](const std::map<std::string, double>& value) { return value.empty() ? Json() : Json(value); }};
}

}  // namespace geomx::scenario

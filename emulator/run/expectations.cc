#include "emulator/run/expectations.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

namespace geomx::run {
namespace {

using nlohmann::ordered_json;

const ordered_json* find(const ordered_json& at, std::string_view path);

// Where `path` is "KEY" or "KEY.REST": what REST leads to.
const ordered_json* find_under(const std::string& key, const ordered_json& value, std::string_view path) {
  if (path == key) return &value;
  if (path.size() <= key.size() || !path.starts_with(key) || path[key.size()] != '.') return nullptr;
  return find(value, path.substr(key.size() + 1));
}

// Any key that the path starts with may be meant: keys have dots of their own.
const ordered_json* find_in_object(const ordered_json& object, std::string_view path) {
  for (const auto& [key, value] : object.items()) {
    if (const ordered_json* found = find_under(key, value, path)) return found;
  }
  return nullptr;
}

const ordered_json* find_in_array(const ordered_json& array, std::string_view path) {
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (const ordered_json* found = find_under(std::to_string(i), array[i], path)) return found;
    if (!array[i].is_object() || !array[i].contains("name")) continue;
    std::string name = array[i]["name"];
    if (array[i].contains("direction")) name += "." + array[i]["direction"].get<std::string>();
    if (const ordered_json* found = find_under(name, array[i], path)) return found;
  }
  return nullptr;
}

const ordered_json* find(const ordered_json& at, std::string_view path) {
  if (at.is_object()) return find_in_object(at, path);
  if (at.is_array()) return find_in_array(at, path);
  return nullptr;
}

}  // namespace

std::vector<ExpectationResult> check_expectations(const std::vector<scenario::Expectation>& expectations,
                                                  const ordered_json& summary) {
  std::vector<ExpectationResult> results;
  for (const scenario::Expectation& expectation : expectations) {
    ExpectationResult result{expectation, std::nullopt, false};
    const ordered_json* value = find(summary, expectation.metric);
    if (value && value->is_number()) {
      result.value = value->get<double>();
      result.met = (!expectation.min || *result.value >= *expectation.min) &&
                   (!expectation.max || *result.value <= *expectation.max);
    }
    results.push_back(std::move(result));
  }
  return results;
}

std::string describe(const scenario::Expectation& expectation) {
  std::string text = expectation.metric;
  if (expectation.min && expectation.max) {
    return fmt::format("{} in [{}, {}]", expectation.metric, *expectation.min, *expectation.max);
  }
  if (expectation.min) text += fmt::format(" >= {}", *expectation.min);
  if (expectation.max) text += fmt::format(" <= {}", *expectation.max);
  return text;
}

}  // namespace geomx::run

#include "emulator/run/expectations.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

namespace geomx::run {
namespace {

using nlohmann::ordered_json;

const ordered_json* find(const ordered_json& at, std::string_view path);

const ordered_json* find_in_object(const ordered_json& object, std::string_view path) {
  for (const auto& [key, value] : object.items()) {
    if (path == key) return &value;
    if (path.size() <= key.size() || !path.starts_with(key) || path[key.size()] != '.') continue;
    if (const ordered_json* found = find(value, path.substr(key.size() + 1))) return found;
  }
  return nullptr;
}

const ordered_json* find_in_array(const ordered_json& array, std::string_view path) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), index);
  if (error != std::errc() || index >= array.size()) return nullptr;
  const auto used = static_cast<std::size_t>(end - path.data());
  if (used == path.size()) return &array[index];
  return path[used] == '.' ? find(array[index], path.substr(used + 1)) : nullptr;
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

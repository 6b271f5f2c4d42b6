#include "emulator/scenario/link_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "emulator/base/error.h"
#include "emulator/scenario/judge.h"
#include "emulator/scenario/table.h"
#include "emulator/scenario/traces.h"

namespace geomx::scenario {
namespace {

constexpr const char* kNone = "none";

[[noreturn]] void refuse(const std::string& where, const Problem& problem) {
  const std::string key = problem.pointer.substr(std::min<std::size_t>(1, problem.pointer.size()));
  throw InputError(key.empty() ? where : where + ": " + key, problem.what, problem.hint);
}

bool has_key(const Object<LinkProperties>& table, const std::string& key) {
  return std::any_of(table.fields().begin(), table.fields().end(),
                     [&](const Field<LinkProperties>& field) { return field.name == key && !field.later; });
}

// What says the same in another way goes, unless it is asked for too, which is an error.
void erase_rival(Json& json, const std::string& key, const LinkPatch& patch) {
  for (const auto& [one, other] : link_rivals()) {
    if (key != one && key != other) continue;
    const std::string& rival = key == one ? other : one;
    if (!patch.contains(rival)) json.erase(rival);
  }
}

// A trace that is the same is not read again: its file may have changed, or gone.
void give_content(LinkProperties& properties, const LinkProperties& before, Problems& problems) {
  if (!properties.trace) return;
  if (before.trace) {
    properties.trace->content = before.trace->content;
    if (properties.trace == before.trace) return;
    properties.trace->content = {};
  }
  read_trace(properties, problems);
}

}  // namespace

std::string with_absolute_paths(const std::string& assignment, const std::string& folder) {
  constexpr std::string_view key = "trace=";
  if (!assignment.starts_with(key)) return assignment;
  Json trace = Json::parse(assignment.substr(key.size()), nullptr, false);
  if (!trace.is_object() || !trace.contains("file") || !trace["file"].is_string()) return assignment;
  trace["file"] = (std::filesystem::path(folder) / trace["file"].get<std::string>()).lexically_normal().string();
  return std::string(key) + trace.dump(-1, ' ', false, Json::error_handler_t::replace);
}

LinkPatch parse_patch(const std::vector<std::string>& assignments) {
  LinkPatch patch;
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw InputError(assignment, "not of the form KEY=VALUE", "for example rate=10Mbit, or delay=none");
    }
    const std::string text = assignment.substr(equals + 1);
    const Json value = text == kNone ? Json() : Json::parse(text, nullptr, false);
    const std::string written =
        value.is_discarded() ? Json(text).dump(-1, ' ', false, Json::error_handler_t::replace) : value.dump();
    if (!patch.emplace(assignment.substr(0, equals), written).second) {
      throw InputError(assignment, "the same property twice");
    }
  }
  return patch;
}

LinkProperties patched(const LinkProperties& properties, const LinkPatch& patch, const std::string& where) {
  const Object<LinkProperties>& table = link_properties_table();
  Json json = table.write(properties);
  for (const auto& [key, text] : patch) {
    json[key] = Json::parse(text);
    // An unknown key is left in, to be complained about, even where it is to be taken away.
    if (json[key].is_null() && has_key(table, key)) {
      json.erase(key);
    } else {
      erase_rival(json, key, patch);
    }
  }
  LinkProperties result;
  Problems problems;
  table.read(json, "", result, problems);
  if (problems.empty()) {
    Judge judge(problems);
    judge_properties(result, "", judge);
    problems = std::move(judge).problems();
  }
  if (problems.empty()) give_content(result, properties, problems);
  if (!problems.empty()) refuse(where, problems.front());
  return result;
}

std::string between(const std::string& key, const std::string& from, const std::string& to, double fraction) {
  const auto number = [&](auto parse, auto get) {
    const auto value = [&](const std::string& text) { return static_cast<double>(get(parse(Json::parse(text)))); };
    return value(from) + (value(to) - value(from)) * fraction;
  };
  if (key == "rate") {
    const double rate =
        number([](const std::string& text) { return parse_rate(text); }, [](auto it) { return it.value; });
    return Json(to_string(BitsPerSecond{static_cast<std::uint64_t>(std::llround(rate))})).dump();
  }
  if (key == "delay" || key == "jitter") {
    const double time =
        number([](const std::string& text) { return parse_duration(text); }, [](auto it) { return it.count(); });
    return Json(to_string(Nanoseconds(std::llround(time)))).dump();
  }
  if (key == "loss") {
    const double loss =
        number([](const std::string& text) { return parse_probability(text); }, [](auto it) { return it.value; });
    return Json(fmt::format("{}%", loss * 100)).dump();
  }
  throw InputError(key, "cannot go from one value to another in steps", "of rate, delay, jitter and loss");
}

std::string text_of(const LinkProperties& properties, const std::string& key) {
  const Json json = link_properties_table().write(properties);
  if (json.contains(key)) return json.at(key).dump();
  if (key == "delay" || key == "jitter") return R"("0ms")";
  return key == "loss" ? R"("0%")" : "null";
}

std::string describe(const LinkPatch& patch) {
  std::string text;
  for (const auto& [key, written] : patch) {
    const Json value = Json::parse(written);
    const std::string shown = value.is_null() ? kNone : value.is_string() ? value.get<std::string>() : written;
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, shown);
  }
  return text;
}

}  // namespace geomx::scenario

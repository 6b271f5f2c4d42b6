#include "emulator/scenario/diff.h"

#include <fmt/format.h>

#include <set>

#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

// Values by the path under which --set finds them. The elements of lists go by their names where all have different
// ones, so that an element that is inserted does not shift the others.
class Differ {
 public:
  void compare(const Json& before, const Json& after, const std::string& path) {
    if (before == after) return;
    const bool links = before.is_object() && before.contains("ends") && after.is_object();
    if (links && (before.contains("forward") || after.contains("forward"))) {
      compare_members(by_direction(before), by_direction(after), path);
    } else if (before.is_object() && after.is_object()) {
      compare_members(before, after, path);
    } else if (before.is_array() && after.is_array() && labelled(before) && labelled(after)) {
      compare_members(by_label(before), by_label(after), path);
    } else {
      lines_.push_back(fmt::format("{}: {} -> {}", path, words(before), words(after)));
    }
  }

  std::vector<std::string> lines() && { return std::move(lines_); }

 private:
  static std::string label(const Json& element) {
    if (!element.is_object()) return {};
    return element.value("name", element.value("datacenter", std::string()));
  }

  static bool labelled(const Json& list) {
    std::set<std::string> labels;
    for (const Json& element : list) {
      const std::string name = label(element);
      if (name.empty() || !labels.insert(name).second) return false;
    }
    return true;
  }

  static Json by_label(const Json& list) {
    Json members = Json::object();
    for (const Json& element : list) members[label(element)] = element;
    return members;
  }

  // A written link has either properties of its own, when its directions are alike, or those of each direction.
  static Json by_direction(const Json& link) {
    if (link.contains("forward")) return link;
    Json split = Json::object();
    Json properties = Json::object();
    for (const auto& [key, value] : link.items()) {
      (key == "name" || key == "ends" ? split : properties)[key] = value;
    }
    split["forward"] = split["backward"] = properties;
    return split;
  }

  static std::string words(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

  static std::string whole(const char* change, const Json& value) {
    return value.is_structured() ? change : fmt::format("{}, {}", change, words(value));
  }

  void compare_members(const Json& before, const Json& after, const std::string& path) {
    const std::string lead = path.empty() ? "" : path + ".";
    for (const auto& [key, value] : before.items()) {
      if (after.contains(key)) {
        compare(value, after.at(key), lead + key);
      } else {
        lines_.push_back(fmt::format("{}{}: {}", lead, key, whole("removed", value)));
      }
    }
    for (const auto& [key, value] : after.items()) {
      if (!before.contains(key)) lines_.push_back(fmt::format("{}{}: {}", lead, key, whole("added", value)));
    }
  }

  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> diff(const Scenario& before, const Scenario& after) {
  Differ differ;
  differ.compare(scenario_table().write(before), scenario_table().write(after), "");
  return std::move(differ).lines();
}

}  // namespace geomx::scenario

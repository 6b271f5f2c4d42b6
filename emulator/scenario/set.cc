#include "emulator/scenario/set.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/scenario/suggest.h"
#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

// A value on the path, and what the format says about it (null: nothing).
struct Step {
  Json* value;
  std::string pointer;
  const Json* schema;
};

const Json& schema() {
  static const Json schema = scenario_table().schema();
  return schema;
}

const Json* below(const Json* schema, const char* keyword) {
  return schema != nullptr && schema->contains(keyword) ? &schema->at(keyword) : nullptr;
}

std::string string_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// By what a list's element is addressed.
std::string label(const Json& element) {
  if (!element.is_object()) return {};
  for (const char* key : {"name", "datacenter"}) {
    std::string label = string_at(element, key);
    if (!label.empty()) return label;
  }
  const auto ends = element.find("ends");
  const bool link = ends != element.end() && ends->is_array() && ends->size() == 2 && ends->at(0).is_string() &&
                    ends->at(1).is_string();
  return link ? fmt::format("{}--{}", ends->at(0).get<std::string>(), ends->at(1).get<std::string>()) : std::string();
}

bool is_utf8(std::string_view text) {
  try {
    Json(text).dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

class Override {
 public:
  explicit Override(std::string_view assignment) : assignment_(assignment) {
    if (!is_utf8(assignment)) fail("not UTF-8 text", "a scenario file is UTF-8");
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      fail("not of the form PATH=VALUE", "for example topology.links.*.rate=10Mbit");
    }
    std::string_view path = assignment.substr(0, equals);
    while (true) {
      const std::size_t dot = path.find('.');
      segments_.emplace_back(path.substr(0, dot));
      if (segments_.back().empty()) fail("the path has an empty part", "for example training.epochs=2");
      if (dot == std::string_view::npos) break;
      path.remove_prefix(dot + 1);
    }
    value_ = read_value(assignment.substr(equals + 1));
  }

  std::vector<std::string> apply(Json& root) const {
    std::vector<Step> steps{{&root, "", &schema()}};
    std::string path;
    std::vector<std::string> pointers;
    for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
      std::vector<Step> next;
      for (const Step& step : steps) advance(step, segments_[i], path, next, pointers);
      steps = std::move(next);
      path += (path.empty() ? "" : ".") + segments_[i];
    }
    for (const Step& step : steps) assign(step, segments_.back(), path, pointers);
    return pointers;
  }

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& hint = {}) const {
    throw InputError("--set " + assignment_, what, hint);
  }

  Json read_value(std::string_view text) const {
    Document document = read_json(text);
    if (document.problems.empty()) return std::move(document.root);
    if (document.problems.front().problem.at_key) fail(document.problems.front().problem.what);  // a key twice
    return std::string(text);
  }

  // The elements of a list that `segment` means.
  std::vector<Step> elements(const Step& list, const std::string& segment, const std::string& path) const {
    std::vector<Step> found;
    std::vector<std::string> labels;
    const Json* schema = below(list.schema, "items");
    const bool numeric = std::all_of(segment.begin(), segment.end(),
                                     [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
    for (std::size_t i = 0; i < list.value->size(); ++i) {
      Json& element = (*list.value)[i];
      labels.push_back(label(element));
      if (segment == "*" || segment == labels.back() || (numeric && segment == std::to_string(i))) {
        found.push_back({&element, fmt::format("{}/{}", list.pointer, i), schema});
      }
    }
    if (found.empty()) {
      fail(segment == "*" ? fmt::format("{} is empty", path) : fmt::format("{} has no \"{}\"", path, segment),
           suggestion(segment, labels));
    }
    return found;
  }

  static const Json* schema_of(const Step& object, const std::string& key) {
    const Json* properties = below(object.schema, "properties");
    return below(properties, key.c_str());
  }

  void advance(const Step& step, const std::string& segment, const std::string& path, std::vector<Step>& next,
               std::vector<std::string>& pointers) const {
    if (step.value->is_array()) {
      for (Step& element : elements(step, segment, path)) next.push_back(std::move(element));
      return;
    }
    require_object(step, segment, path);
    const Json* schema = schema_of(step, segment);
    if (!step.value->contains(segment)) {
      if (schema != nullptr && schema->value("type", "") == "array") {
        fail(fmt::format("there is no {}{}{}", path, path.empty() ? "" : ".", segment), "write the list in the file");
      }
      (*step.value)[segment] = Json::object();  // unknown keys too: the parser says what was meant
      pointers.push_back(child(step.pointer, segment));
    }
    next.push_back({&(*step.value)[segment], child(step.pointer, segment), schema});
  }

  void require_object(const Step& step, const std::string& segment, const std::string& path) const {
    if (segment == "*") fail(fmt::format("{} is not a list", path.empty() ? "the scenario" : path));
    if (!step.value->is_object()) fail(fmt::format("{} is {}, not an object", path, kind_of(*step.value)));
  }

  void assign(const Step& step, const std::string& segment, const std::string& path,
              std::vector<std::string>& pointers) const {
    if (step.value->is_array()) {
      if (value_.is_null()) fail("null removes keys, not elements of a list");
      for (const Step& element : elements(step, segment, path)) {
        *element.value = value_;
        pointers.push_back(element.pointer);
      }
      return;
    }
    require_object(step, segment, path);
    drop_rivals(step, segment);
    if (value_.is_null()) {
      if (step.value->erase(segment) == 0)
        fail(fmt::format("there is no {}{}{} to remove", path, path.empty() ? "" : ".", segment));
      return;
    }
    (*step.value)[segment] = value_;
    pointers.push_back(child(step.pointer, segment));
  }

  // The other way to say the same about a link.
  static std::string rival_of(const std::string& key) {
    for (const auto& [one, other] : {std::pair{"rate", "trace"}, std::pair{"loss", "gilbert_elliott"}}) {
      if (key == one) return other;
      if (key == other) return one;
    }
    return {};
  }

  // Takes away what would contradict or outweigh the value that is set.
  void drop_rivals(const Step& step, const std::string& key) const {
    if (step.pointer == "/training" && key == "rounds") step.value->erase("epochs");
    if (step.pointer == "/training" && key == "epochs") step.value->erase("rounds");
    const std::string rival = value_.is_null() ? "" : rival_of(key);
    if (schema_of(step, "rate") != nullptr) step.value->erase(rival);  // a link, or a direction of one
    if (schema_of(step, "forward") == nullptr) return;
    for (const char* direction : {"forward", "backward"}) {
      const auto found = step.value->find(direction);
      if (found == step.value->end() || !found->is_object()) continue;
      found->erase(key);
      found->erase(rival);
    }
  }

  std::string assignment_;
  std::vector<std::string> segments_;
  Json value_;
};

}  // namespace

std::vector<std::string> set(Json& root, std::string_view assignment) {
  return Override(assignment).apply(root);
}

}  // namespace geomx::scenario

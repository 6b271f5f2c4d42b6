#include "emulator/scenario/sweep_section.h"

#include "emulator/base/error.h"
#include "emulator/scenario/files.h"
#include "emulator/scenario/formats.h"
#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

using Variations = std::vector<SweepSection::Variation>;

bool read_values(const Json& value, const std::string& pointer, SweepSection::Variation& into, Problems& problems) {
  if (!value.is_string() && !value.is_array()) {
    wrong_type("a list of values, or a text such as \"1..5\"", value, pointer, problems);
    return false;
  }
  if (value.is_string()) into.text = value.get<std::string>();
  if (value.is_array()) {
    for (const Json& each : value) into.list.push_back(each.dump());
  }
  const bool empty = into.list.empty() && into.text.value_or("").empty();
  if (empty) problems.push_back({pointer, "no values", "a list such as [1, 2], or a text such as \"1..5\""});
  return !empty;
}

// {"PATH": [VALUE, ...], "PATH": "VALUES", ...}
Format<Variations> variations() {
  const Json values{{"anyOf", {{{"type", "array"}, {"minItems", 1}}, {{"type", "string"}, {"minLength", 1}}}}};
  return {{{"title", "paths and values"}, {"type", "object"}, {"additionalProperties", values}},
          [](const Json& value, const std::string& pointer, Variations& into, Problems& problems) {
            if (!value.is_object()) {
              wrong_type("an object of paths and their values", value, pointer, problems);
              return false;
            }
            for (const auto& [path, each] : value.items()) {
              SweepSection::Variation variation{path};
              if (read_values(each, child(pointer, path), variation, problems)) into.push_back(std::move(variation));
            }
            return true;
          },
          [](const Variations&) { return Json(); }};
}

}  // namespace

const Object<SweepSection>& sweep_table() {
  static const Object<SweepSection> table(
      "sweep", {required("vary",
                         "what is varied: paths as --set takes them, each with a list of values, or with a text as "
                         "--vary takes it",
                         &SweepSection::vary, variations()),
                optional("repeat", "runs of each combination, each with a seed of its own", &SweepSection::repeat,
                         integer(1, kMostRepetitions))});
  return table;
}

SweepSection load_sweep_section(const std::string& path) {
  const Document document = read_json(read_text_file(path, "the scenario"));
  if (!document.root.is_object()) throw InputError(path, "is no JSON object", "geomx-emu check says more");
  SweepSection section;
  Problems said_by_load;
  const auto found = document.root.find("sweep");
  if (found != document.root.end()) sweep_table().read(*found, "/sweep", section, said_by_load);
  return section;
}

}  // namespace geomx::scenario

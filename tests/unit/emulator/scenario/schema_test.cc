#include "emulator/scenario/schema.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

// The schema comes from the parser's own table; here the documents for people and editors are held to the schema.
namespace geomx::scenario {
namespace {

using Json = nlohmann::ordered_json;

std::string source_file(const std::string& path) {
  std::ifstream file(std::string(std::getenv("GEOMX_SOURCE")) + "/" + path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string type_of(const Json& schema) {
  if (schema.contains("enum")) {
    std::string options;
    for (const Json& option : schema.at("enum")) {
      if (option.is_null()) continue;  // of events: takes the property away
      options += fmt::format("{}`{}`", options.empty() ? "" : ", ", option.get<std::string>());
    }
    return options;
  }
  std::string type = schema.at("title").get<std::string>();
  const bool is_integer = schema.contains("type") && schema.at("type").dump().find("\"integer\"") != std::string::npos;
  if (schema.contains("minimum") && schema.contains("maximum") && is_integer) {
    type += fmt::format(" {} to {}", schema.at("minimum").dump(), schema.at("maximum").dump());
  }
  return type;
}

// The rows that docs/scenario.md must have for an object's keys.
std::vector<std::string> rows(const Json& object) {
  std::vector<std::string> rows;
  const Json required = object.value("required", Json::array());
  for (const auto& [key, schema] : object.at("properties").items()) {
    const bool needed = std::find(required.begin(), required.end(), key) != required.end();
    const std::string by_default = needed                       ? "required"
                                   : schema.contains("default") ? "`" + schema.at("default").dump() + "`"
                                                                : "";
    rows.push_back(fmt::format("| `{}` | {} | {} | {} |", key, type_of(schema), by_default,
                               schema.at("description").get<std::string>()));
  }
  return rows;
}

void for_each_object(const Json& schema, const std::function<void(const Json&)>& visit) {
  if (schema.contains("items")) for_each_object(schema.at("items"), visit);
  if (schema.contains("oneOf")) {
    for (const Json& form : schema.at("oneOf")) for_each_object(form, visit);
  }
  if (!schema.contains("properties")) return;
  visit(schema);
  for (const auto& [key, property] : schema.at("properties").items()) for_each_object(property, visit);
}

TEST(Schema, TheCommittedFileIsWhatTheParserReadsBy) {
  EXPECT_EQ(source_file("docs/scenario.schema.json"), json_schema())
      << "write it anew: geomx-emu check --schema > docs/scenario.schema.json";
}

TEST(Schema, TheReferenceHasARowForEveryKey) {
  const std::string reference = source_file("docs/scenario.md");
  int keys = 0;
  for_each_object(Json::parse(json_schema()), [&](const Json& object) {
    for (const std::string& row : rows(object)) {
      EXPECT_NE(reference.find(row + "\n"), std::string::npos)
          << "docs/scenario.md lacks, under " << object.at("title") << ":\n"
          << row;
      ++keys;
    }
  });
  EXPECT_GT(keys, 50);
}

TEST(Schema, TheReferencesExampleIsAScenario) {
  const std::string reference = source_file("docs/scenario.md");
  int examples = 0;
  for (std::size_t at = 0; (at = reference.find("```json\n", at)) != std::string::npos;) {
    at += std::string_view("```json\n").size();
    const std::string text = reference.substr(at, reference.find("```", at) - at);
    const Scenario scenario = parse(text, "docs/scenario.md");
    EXPECT_EQ(parse(write(scenario), "written"), scenario);
    ++examples;
  }
  EXPECT_GE(examples, 1);
}

TEST(Schema, HoldsForWhatIsWritten) {
  // The writer spells out every default: each must be what the schema calls the default.
  const Json schema = Json::parse(json_schema());
  const Json written = Json::parse(write(parse(
      R"({"version": 1, "name": "s", "topology": {"datacenters": [{"name": "c"}, {"name": "a"}],
          "links": [{"ends": ["c", "a"]}]},
          "training": {"parties": [{"datacenter": "c", "global_servers": 1}, {"datacenter": "a", "workers": 1}]}})",
      "s.json")));
  const Json& training = schema.at("properties").at("training").at("properties");
  int defaults = 0;
  for (const auto& [key, property] : training.items()) {
    if (!property.contains("default")) continue;
    EXPECT_EQ(written.at("training").at(key), property.at("default")) << key;
    ++defaults;
  }
  EXPECT_GE(defaults, 6);
}

}  // namespace
}  // namespace geomx::scenario

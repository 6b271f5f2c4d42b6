#include "gui/model/catalogue.h"

#include <QHash>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "emulator/scenario/presets.h"
#include "emulator/scenario/schema.h"
#include "gui/model/catalogue_words.h"
#include "gui/model/json.h"

namespace geomx::gui {
namespace {

QString text(const Json& schema, const char* key) {
  const auto found = schema.find(key);
  return found != schema.end() && found->is_string() ? QString::fromStdString(found->get<std::string>()) : QString();
}

QStringList texts(const Json& list) {
  QStringList all;
  for (const Json& value : list) all.append(as_typed(QString::fromStdString(value.dump())));
  return all;
}

PropertyKind kind_of(const Json& schema) {
  static const QHash<QString, PropertyKind> kByTitle{{"rate", PropertyKind::rate},
                                                     {"duration", PropertyKind::duration},
                                                     {"percentage", PropertyKind::share},
                                                     {"queue", PropertyKind::queue},
                                                     {"size", PropertyKind::size}};
  static const QHash<QString, PropertyKind> kByType{{"string", PropertyKind::text},
                                                    {"integer", PropertyKind::integer},
                                                    {"number", PropertyKind::number},
                                                    {"boolean", PropertyKind::boolean}};
  if (schema.contains("enum") || schema.contains("anyOf")) return PropertyKind::choice;
  if (const auto found = kByTitle.find(text(schema, "title")); found != kByTitle.end()) return *found;
  return kByType.value(text(schema, "type"), PropertyKind::json);
}

// What a choice may be; of one that takes other values too (a model's file), those that have names.
QStringList choices_of(const Json& schema) {
  if (schema.contains("enum")) return texts(schema.at("enum"));
  return schema.contains("anyOf") ? texts(schema.at("anyOf").at(0).value("enum", Json::array())) : QStringList();
}

// An object that can be filled in key by key: one that is whole only with several of them is written as JSON.
bool is_group(const Json& schema) {
  return text(schema, "type") == QLatin1String("object") && schema.contains("properties") &&
         !schema.contains("required");
}

Property property_of(const QString& path, const Json& schema, bool required) {
  Property property;
  property.path = path;
  property.label = words::label_of(path);
  property.kind = kind_of(schema);
  property.choices = choices_of(schema);
  property.examples = texts(schema.value("examples", Json::array()));
  if (property.examples.isEmpty()) property.examples = words::examples_of(path);
  if (const auto by_default = schema.find("default"); by_default != schema.end()) {
    property.by_default = as_typed(QString::fromStdString(by_default->dump()));
  }
  const QString term = words::explanation_of(path);
  const QString what = text(schema, "description");
  property.tip = term.isEmpty() ? what : term + QStringLiteral("\n") + what;
  property.required = required;
  const bool is_interface = property.kind == PropertyKind::json && path == QLatin1String("device");  // not of training
  property.advanced = words::is_advanced(path) || is_interface;
  return property;
}

bool is_required(const Json& object, const std::string& key) {
  const Json required = object.value("required", Json::array());
  return std::find(required.begin(), required.end(), Json(key)) != required.end();
}

// An object's keys, and those of the objects in it, as paths. `others` are sections of their own, or lists of items.
void flatten(const Json& object, const QString& prefix, const QStringList& others, QList<Property>& into) {
  for (const auto& [key, schema] : object.at("properties").items()) {
    const QString path = prefix + QString::fromStdString(key);
    if (others.contains(path)) continue;
    if (is_group(schema)) {
      flatten(schema, path + QLatin1Char('/'), others, into);
    } else {
      into.append(property_of(path, schema, is_required(object, key)));
    }
  }
}

struct Place {
  Section section;
  const char* pointer;  // in the schema
  QStringList others;
};

QHash<int, QList<Property>> read_schema() {
  const QStringList directions{"forward", "backward"};
  const QList<Place> places{
      {Section::scenario, "", {"version", "topology", "training", "workload", "events", "expect"}},
      {Section::topology, "/properties/topology", {"datacenters", "nodes", "links"}},
      {Section::datacenter, "/properties/topology/properties/datacenters/items", {"lan"}},
      {Section::lan, "/properties/topology/properties/datacenters/items/properties/lan", {}},
      {Section::node, "/properties/topology/properties/nodes/items", {}},
      {Section::link, "/properties/topology/properties/links/items", directions},
      {Section::direction, "/properties/topology/properties/links/items/properties/forward", {}},
      {Section::party, "/properties/training/properties/parties/items", {}},
      {Section::training, "/properties/training", {"parties"}},
      {Section::event, "/properties/events/items", {}},
      {Section::expectation, "/properties/expect/items", {}},
      {Section::command, "/properties/workload/items", {}},
  };
  const Json schema = Json::parse(scenario::json_schema());
  QHash<int, QList<Property>> all;
  for (const Place& place : places) {
    flatten(schema.at(Json::json_pointer(place.pointer)), {}, place.others, all[static_cast<int>(place.section)]);
  }
  return all;
}

}  // namespace

const QList<Property>& properties(Section section) {
  static const QHash<int, QList<Property>> all = read_schema();
  static const QList<Property> none;
  const auto found = all.find(static_cast<int>(section));
  return found == all.end() ? none : *found;
}

const Property* find_property(Section section, const QString& path) {
  for (const Property& property : properties(section)) {
    if (property.path == path) return &property;
  }
  return nullptr;
}

QString json_of(const Property& property, const QString& typed) {
  if (typed.trimmed().isEmpty()) return {};
  switch (property.kind) {
    case PropertyKind::integer:
    case PropertyKind::number:
    case PropertyKind::boolean:
    case PropertyKind::json:
      return as_json(typed);
    case PropertyKind::text:
      return quoted(typed);
    default:
      return quoted(typed.trimmed());
  }
}

const QList<LinkPreset>& link_presets() {
  static const QList<LinkPreset> all = [] {
    QList<LinkPreset> list;
    for (const scenario::Preset& preset : scenario::presets()) {
      list.append({QString::fromStdString(preset.name), QString::fromStdString(preset.description),
                   QString::fromStdString(preset.source)});
    }
    return list;
  }();
  return all;
}

}  // namespace geomx::gui

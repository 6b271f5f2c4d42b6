#pragma once

#include <QList>
#include <QString>
#include <QStringList>

// Every property that the scenario file has, for forms and their tooltips. Keys, kinds, choices and defaults are read
// from the schema that emulator/scenario makes of its own table; names for people and explanations of terms are added.
namespace geomx::gui {

enum class PropertyKind { text, choice, integer, number, boolean, rate, duration, share, queue, size, json };

struct Property {
  QString path;   // from the item or section, "rate", "optimizer/learning_rate"
  QString label;  // "Delay"
  PropertyKind kind = PropertyKind::text;
  QStringList choices;   // of a choice
  QStringList examples;  // as people type it: "10Mbit", "1.5Gbit"
  QString by_default;    // what holds where it is left out, as typed; may be empty
  QString tip;           // what it is, in a sentence or two
  bool required = false;
  bool advanced = false;  // seldom needed: shown when asked for
};

enum class Section {
  scenario,
  topology,
  datacenter,
  lan,
  node,
  link,
  direction,
  party,
  training,
  event,
  expectation,
  command
};

const QList<Property>& properties(Section section);
const Property* find_property(Section section, const QString& path);  // null: there is none

// What was typed into a property's field, as JSON. Empty where nothing was.
QString json_of(const Property& property, const QString& typed);

struct LinkPreset {
  QString name;  // "leo-satellite"
  QString description;
  QString source;  // of its figures
};
const QList<LinkPreset>& link_presets();

}  // namespace geomx::gui

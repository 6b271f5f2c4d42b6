#pragma once

#include <QHash>
#include <QSet>
#include <QString>

#include "gui/model/text_patch.h"
#include "gui/model/topology_reading.h"

// Where a scenario names its nodes and links: what has to follow when they are renamed or removed. Pure.
namespace geomx::gui {

// Old name -> new name, of all that is called otherwise in `after` than in `before`: a data center's hosts are called
// after it, links after their ends, metrics after links.
struct Renames {
  QHash<QString, QString> vertices;  // data centers and nodes, as link ends have them
  QHash<QString, QString> nodes;     // every node of the lab, and the patterns that mean those of a data center
  QHash<QString, QString> links;
  QHash<QString, QString> metrics;
};
// REQUIRES: the two differ in nothing but names.
Renames renames(const scenario::Scenario& before, const scenario::Scenario& after);
Edits follow(const JsonText& json, const Renames& renames);

// What is in `before` and no more in `after`.
struct Losses {
  QSet<QString> vertices;
  QSet<QString> nodes;
  QSet<QString> left;  // the nodes that are still there
  QSet<QString> links;
  QSet<QString> metrics;
};
Losses losses(const scenario::Scenario& before, const scenario::Scenario& after);
// Pointers of what names them: parties, events, expectations, commands and what waits for these, stragglers, a node's
// data center. Not the links that end there.
QStringList mentions(const JsonText& json, const Losses& losses);

}  // namespace geomx::gui

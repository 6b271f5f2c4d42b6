#pragma once

#include <QByteArray>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

#include "gui/model/document.h"

// Documents out of recipes and other tools' files, and into them. All throw geomx::Error with what to do.
namespace geomx::gui {

// A recipe of emulator/scenario's generators.
struct Template {
  struct Number {
    QString label;  // "Hosts"
    QString tip;
    int least = 1;
    int most = 1000;
    int value = 4;  // to begin with
  };
  QString name;         // "star", "ring", ...; of real networks "wan:abilene"
  QString label;        // for people: "Ring"
  QString description;  // a sentence
  QList<Number> numbers;
};
const QList<Template>& templates();
// `numbers` in the template's order; `link` are properties of its links as typed: {"rate": "100Mbit"}. A mesh of more
// sites than can be looked at is refused, and a large Waxman network has fewer links per site than its parameters say.
QByteArray make_template(const QString& name, const QList<int>& numbers, const QMap<QString, QString>& link = {});

struct Imported {
  QByteArray text;    // a scenario
  QStringList notes;  // what was left out or changed, one line each
};
// containerlab's YAML or MiniEdit's JSON, by what is in the file.
Imported import_file(const QString& path);

// REQUIRES: the document has no problems.
QByteArray export_mermaid(const Document& document);
QByteArray export_dot(const Document& document);

}  // namespace geomx::gui

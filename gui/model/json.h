#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <nlohmann/json_fwd.hpp>

// JSON values and pointers as the editor handles them. Keys keep their order. Pointers are RFC 6901 texts:
// "/topology/links/0/rate"; "" is the whole document.
namespace geomx::gui {

using Json = nlohmann::ordered_json;  // who looks into one includes <nlohmann/json.hpp>

// One segment further down.
QString child(const QString& pointer, const QString& key);
QString child(const QString& pointer, qsizetype index);
// One up; the last segment, unescaped. REQUIRES: the pointer is not "".
QString parent_of(const QString& pointer);
QString key_of(const QString& pointer);
QStringList segments(const QString& pointer);
// `pointer` itself, or below it.
bool is_within(const QString& pointer, const QString& ancestor);

// A string as JSON: quoted and escaped.
QString quoted(const QString& text);
// What a person types into a field, as JSON: what parses as a number, true, false, null, a list or an object is that;
// anything else is a string ("10Mbit").
QString as_json(const QString& typed);
// And back: a string without its quotes, anything else as it is written.
QString as_typed(const QString& json);

}  // namespace geomx::gui

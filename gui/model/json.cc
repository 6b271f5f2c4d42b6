#include "gui/model/json.h"

#include <nlohmann/json.hpp>

namespace geomx::gui {

QString child(const QString& pointer, const QString& key) {
  QString segment = key;
  segment.replace(QLatin1Char('~'), QLatin1String("~0")).replace(QLatin1Char('/'), QLatin1String("~1"));
  return pointer + QLatin1Char('/') + segment;
}

QString child(const QString& pointer, qsizetype index) {
  return pointer + QLatin1Char('/') + QString::number(index);
}

QString parent_of(const QString& pointer) {
  return pointer.left(pointer.lastIndexOf(QLatin1Char('/')));
}

QString key_of(const QString& pointer) {
  QString key = pointer.mid(pointer.lastIndexOf(QLatin1Char('/')) + 1);
  return key.replace(QLatin1String("~1"), QLatin1String("/")).replace(QLatin1String("~0"), QLatin1String("~"));
}

QStringList segments(const QString& pointer) {
  QStringList keys;
  for (QString at = pointer; !at.isEmpty(); at = parent_of(at)) keys.prepend(key_of(at));
  return keys;
}

bool is_within(const QString& pointer, const QString& ancestor) {
  return pointer.startsWith(ancestor) &&
         (pointer.size() == ancestor.size() || pointer[ancestor.size()] == QLatin1Char('/'));
}

QString quoted(const QString& text) {
  return QString::fromStdString(Json(text.toStdString()).dump());
}

QString as_json(const QString& typed) {
  const std::string text = typed.trimmed().toStdString();
  return Json::accept(text) ? typed.trimmed() : quoted(typed);
}

QString as_typed(const QString& json) {
  const Json value = Json::parse(json.toStdString(), nullptr, false);
  return value.is_string() ? QString::fromStdString(value.get<std::string>()) : json;
}

}  // namespace geomx::gui

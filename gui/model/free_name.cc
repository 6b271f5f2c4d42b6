#include "gui/model/free_name.h"

namespace geomx::gui {

QString free_name(const QString& wanted, const QSet<QString>& taken) {
  if (!taken.contains(wanted)) return wanted;
  qsizetype digits = wanted.size();
  while (digits > 0 && wanted[digits - 1].isDigit()) --digits;
  const bool is_numbered = digits > 0 && digits < wanted.size();
  const QString base = is_numbered ? wanted.left(digits) : wanted + QLatin1Char('-');
  for (int i = is_numbered ? wanted.mid(digits).toInt() + 1 : 2;; ++i) {
    QString name = base + QString::number(i);
    if (!taken.contains(name)) return name;
  }
}

QString free_link_name(const QString& a, const QString& b, const QSet<QString>& taken) {
  const QString name = a + QStringLiteral("--") + b;
  return taken.contains(name) ? free_name(name + QStringLiteral("-2"), taken) : name;
}

}  // namespace geomx::gui

#pragma once

#include <QSet>
#include <QString>

namespace geomx::gui {

// `wanted`, or where that is taken the next one: "wan" -> "wan-2", "wan-2" -> "wan-3", "dc1" -> "dc2".
QString free_name(const QString& wanted, const QSet<QString>& taken);

// Of a link between two ends: "a--b", "a--b-2". Numbers in the ends' own names are left alone.
QString free_link_name(const QString& a, const QString& b, const QSet<QString>& taken);

}  // namespace geomx::gui

#pragma once

#include <QSet>
#include <QString>

namespace geomx::gui {

// `wanted`, or where that is taken the next one: "wan" -> "wan-2", "wan-2" -> "wan-3", "dc1" -> "dc2".
QString free_name(const QString& wanted, const QSet<QString>& taken);

}  // namespace geomx::gui

#pragma once

#include <QJsonObject>
#include <QPalette>
#include <QString>

namespace geomx::gui {

// A run's summary.json (docs/run-folder.md) as a page for people, in the HTML that Qt's text widgets know: how it
// ended, what it was asked to reach, numbers of the training or the commands, the WAN's links as asked and as measured,
// and whether the emulation was faithful. What the summary lacks is left out.
QString report_page(const QJsonObject& summary, const QPalette& palette);

}  // namespace geomx::gui

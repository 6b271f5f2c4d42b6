#pragma once

#include <QString>
#include <QWidget>

namespace geomx::gui {

// The window as it looks, with a dialog that is open upon it, as a PNG file. Throws WorkError where it cannot be
// written.
void write_screenshot(QWidget& window, const QString& path);

}  // namespace geomx::gui

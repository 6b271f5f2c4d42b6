#include "gui/window/screenshot.h"

#include <QApplication>
#include <QDialog>
#include <QPainter>
#include <QPixmap>

#include "emulator/base/error.h"

namespace geomx::gui {

void write_screenshot(QWidget& window, const QString& path) {
  QPixmap picture = window.grab();
  if (QWidget* dialog = QApplication::activeModalWidget(); dialog != nullptr && dialog != &window) {
    QPainter painter(&picture);
    painter.fillRect(window.rect(), QColor(10, 16, 24, 90));
    const QPoint at = window.rect().center() - dialog->rect().center();
    painter.drawPixmap(at, dialog->grab());
    painter.setPen(window.palette().color(QPalette::Mid));
    painter.drawRect(QRect(at, dialog->size()).adjusted(-1, -1, 0, 0));
  }
  if (!picture.save(path, "PNG")) {
    throw WorkError(path.toStdString(), "cannot write the picture", "name a file in a folder that you may write to");
  }
}

}  // namespace geomx::gui

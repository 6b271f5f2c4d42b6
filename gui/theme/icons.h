#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>
#include <QString>

// The editor's own drawings (gui/theme/icons/NAME.svg: lines on a square of 24, in "currentColor"), crisp at every size
// and in the colours of the theme. GUI thread.
namespace geomx::gui {

// For menus and buttons: drawn in the text colour of the application's palette at the time, faint where disabled. An
// unknown name is an empty icon.
QIcon icon(const QString& name);

// One drawing in one colour, `pixels` of the screen wide and high; kept in Qt's pixmap cache.
QPixmap drawing(const QString& name, const QColor& color, int pixels);

// Where the drawing lies among the program's resources: for style sheets, which take it in the colours that it has.
QString icon_file(const QString& name);

// The program's own sign, in its own colours.
QIcon application_icon();

}  // namespace geomx::gui

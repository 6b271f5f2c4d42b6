#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
#include <QString>

// What the editor looks like: every colour, width and font that it draws with, light or dark. Colours that carry
// meaning are Okabe and Ito's, which all kinds of colour vision tell apart (https://jfly.uni-koeln.de/color/), and none
// carries a meaning alone: shapes, widths and words say the same. Values only; sizes in device-independent pixels. Any
// thread.
namespace geomx::gui {

// Okabe and Ito's eight colours but black.
namespace okabe_ito {
inline constexpr QRgb orange = 0xffe69f00;
inline constexpr QRgb sky = 0xff56b4e9;
inline constexpr QRgb green = 0xff009e73;
inline constexpr QRgb yellow = 0xfff0e442;
inline constexpr QRgb blue = 0xff0072b2;
inline constexpr QRgb vermilion = 0xffd55e00;
inline constexpr QRgb purple = 0xffcc79a7;
}  // namespace okabe_ito

struct Theme {
  bool dark = false;
  bool presentation = false;  // for the projector: larger type, stronger lines, full contrast

  QColor window;   // behind panels
  QColor surface;  // of panels, fields and boxes
  QColor canvas;   // behind the drawing
  QColor grid;     // its dots
  QColor text;
  QColor text_muted;
  QColor border;
  QColor accent;     // what is selected, focused, pressed
  QColor on_accent;  // text upon it
  QColor link;       // at rest
  QColor box;        // a data center's inside
  QColor box_border;
  QColor bad;  // errors, what is dead
  QColor warning;
  QColor good;

  qreal line_width = 1.5;
  int text_pixels = 13;   // of ordinary text
  int small_pixels = 11;  // of names and labels on the canvas

  static Theme light(bool presentation = false);
  static Theme night(bool presentation = false);

  QFont font() const;        // of menus and panels
  QFont small_font() const;  // of the canvas
  QPalette palette() const;
  QString style_sheet() const;  // for the application

  // From calm to full: of a link whose rate is used to `fraction` of what it has, 0 to 1.
  QColor utilisation(qreal fraction) const;
};

// `share` of `over` upon the rest of `under`.
QColor mixed(const QColor& under, const QColor& over, qreal share);

}  // namespace geomx::gui

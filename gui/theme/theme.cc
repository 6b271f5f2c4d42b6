#include "gui/theme/theme.h"

#include <QFontDatabase>
#include <algorithm>
#include <array>

namespace geomx::gui {

namespace {

void strengthen(Theme& theme) {
  const QColor ink = theme.dark ? Qt::white : Qt::black;
  theme.text = ink;
  theme.text_muted = mixed(theme.text_muted, ink, 0.6);
  theme.border = mixed(theme.border, ink, 0.45);
  theme.box_border = mixed(theme.box_border, ink, 0.5);
  theme.link = mixed(theme.link, ink, 0.5);
  theme.canvas = theme.dark ? Qt::black : Qt::white;
  theme.surface = theme.canvas;
  theme.box = mixed(theme.canvas, ink, theme.dark ? 0.09 : 0.03);
  theme.line_width = 2.5;
  theme.text_pixels = 18;
  theme.small_pixels = 15;
}

}  // namespace

QColor mixed(const QColor& under, const QColor& over, qreal share) {
  const auto part = [share](int a, int b) { return qRound(a + (b - a) * share); };
  return {part(under.red(), over.red()), part(under.green(), over.green()), part(under.blue(), over.blue())};
}

Theme Theme::light(bool presentation) {
  Theme theme;
  theme.presentation = presentation;
  theme.window = 0xf1f3f6;
  theme.surface = 0xffffff;
  theme.canvas = 0xf8f9fb;
  theme.grid = 0xdbe0e7;
  theme.text = 0x1b2430;
  theme.text_muted = 0x556070;
  theme.border = 0xd3d9e1;
  theme.accent = okabe_ito::blue;
  theme.on_accent = Qt::white;
  theme.link = 0x7c8899;
  theme.box = 0xffffff;
  theme.box_border = 0xbfc8d4;
  theme.bad = 0xb84a00;
  theme.warning = 0x8f6200;
  theme.good = 0x00775a;
  if (presentation) strengthen(theme);
  return theme;
}

Theme Theme::night(bool presentation) {
  Theme theme;
  theme.dark = true;
  theme.presentation = presentation;
  theme.window = 0x1b1f26;
  theme.surface = 0x232831;
  theme.canvas = 0x14171c;
  theme.grid = 0x2b313a;
  theme.text = 0xe7ebf1;
  theme.text_muted = 0xa3aebc;
  theme.border = 0x39424e;
  theme.accent = okabe_ito::sky;
  theme.on_accent = 0x0b1620;
  theme.link = 0x8390a2;
  theme.box = 0x1c2129;
  theme.box_border = 0x46515f;
  theme.bad = 0xff8a3d;
  theme.warning = okabe_ito::orange;
  theme.good = 0x2fc79a;
  if (presentation) strengthen(theme);
  return theme;
}

QFont Theme::font() const {
  QFont font = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
  font.setFamilies({"Inter", font.family(), "Noto Sans CJK SC"});
  font.setPixelSize(text_pixels);
  return font;
}

QFont Theme::small_font() const {
  QFont small = font();
  small.setPixelSize(small_pixels);
  return small;
}

QPalette Theme::palette() const {
  QPalette palette;
  palette.setColor(QPalette::Window, window);
  palette.setColor(QPalette::WindowText, text);
  palette.setColor(QPalette::Base, surface);
  palette.setColor(QPalette::AlternateBase, mixed(surface, window, 0.6));
  palette.setColor(QPalette::Text, text);
  palette.setColor(QPalette::PlaceholderText, mixed(surface, text_muted, 0.8));
  palette.setColor(QPalette::Button, mixed(window, surface, 0.6));
  palette.setColor(QPalette::ButtonText, text);
  palette.setColor(QPalette::BrightText, bad);
  palette.setColor(QPalette::Highlight, accent);
  palette.setColor(QPalette::HighlightedText, on_accent);
  palette.setColor(QPalette::Link, accent);
  palette.setColor(QPalette::LinkVisited, accent);
  palette.setColor(QPalette::ToolTipBase, dark ? mixed(surface, Qt::white, 0.08) : QColor(0x1b2430));
  palette.setColor(QPalette::ToolTipText, QColor(0xf4f6f9));
  palette.setColor(QPalette::Light, mixed(window, Qt::white, dark ? 0.12 : 0.8));
  palette.setColor(QPalette::Midlight, mixed(window, border, 0.4));
  palette.setColor(QPalette::Mid, border);
  palette.setColor(QPalette::Dark, mixed(border, Qt::black, 0.25));
  palette.setColor(QPalette::Shadow, mixed(border, Qt::black, 0.5));
  const QColor faint = mixed(surface, text_muted, 0.55);
  for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    palette.setColor(QPalette::Disabled, role, faint);
  }
  palette.setColor(QPalette::Disabled, QPalette::Highlight, border);
  return palette;
}

QColor Theme::utilisation(qreal fraction) const {
  struct Stop {
    qreal at;
    QColor color;
  };
  const std::array<Stop, 4> stops{{{0.0, link},
                                   {0.35, QColor(dark ? okabe_ito::sky : okabe_ito::blue)},
                                   {0.75, QColor(okabe_ito::orange)},
                                   {1.0, QColor(okabe_ito::vermilion)}}};
  const qreal at = std::clamp(fraction, 0.0, 1.0);
  for (std::size_t i = 1; i < stops.size(); ++i) {
    if (at > stops[i].at) continue;
    const Stop& from = stops[i - 1];
    return mixed(from.color, stops[i].color, (at - from.at) / (stops[i].at - from.at));
  }
  return stops.back().color;
}

}  // namespace geomx::gui

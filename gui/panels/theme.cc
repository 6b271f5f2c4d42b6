#include "gui/panels/theme.h"

#include <qcustomplot.h>

#include <array>

namespace geomx::gui {

QColor line_colour(int index, const QPalette& palette) {
  static const std::array<QColor, 6> colours{QColor(0x00, 0x72, 0xb2), QColor(0xe6, 0x9f, 0x00),
                                             QColor(0x00, 0x9e, 0x73), QColor(0xd5, 0x5e, 0x00),
                                             QColor(0xcc, 0x79, 0xa7), QColor(0x56, 0xb4, 0xe9)};
  auto at = static_cast<std::size_t>(index) % colours.size();
  if (is_dark(palette) && (at == 0 || at == 5)) at = 5 - at;
  return colours[at];
}

bool is_dark(const QPalette& palette) {
  return palette.color(QPalette::Window).lightnessF() < palette.color(QPalette::WindowText).lightnessF();
}

QColor mood_colour(Mood mood, const QPalette& palette) {
  switch (mood) {
    case Mood::good:
      return QColor(0x00, 0x9e, 0x73);
    case Mood::waiting:
      return QColor(0xe6, 0x9f, 0x00);
    case Mood::bad:
      return QColor(0xd5, 0x5e, 0x00);
    case Mood::off:
      break;
  }
  return palette.color(QPalette::Disabled, QPalette::WindowText);
}

QColor blend(const QColor& from, const QColor& to, double share) {
  const auto mix = [share](int a, int b) { return static_cast<int>(a + (b - a) * share); };
  return {mix(from.red(), to.red()), mix(from.green(), to.green()), mix(from.blue(), to.blue())};
}

QColor faint_text(const QPalette& palette) {
  return blend(palette.color(QPalette::WindowText), palette.color(QPalette::Window), 0.35);
}

QCustomPlot* make_plot(const QString& title, QWidget* parent) {
  auto* plot = new QCustomPlot(parent);
  plot->setAccessibleName(title);
  plot->setMinimumSize(220, 120);
  plot->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  plot->yAxis->setLabel(title);
  plot->yAxis->setNumberFormat(QStringLiteral("g"));
  plot->yAxis->setNumberPrecision(4);
  plot->yAxis->ticker()->setTickCount(4);
  plot->xAxis->ticker()->setTickCount(5);
  plot->setNoAntialiasingOnDrag(true);
  plot->setPlottingHint(QCP::phFastPolylines);
  plot->legend->setVisible(true);
  plot->axisRect()->insetLayout()->setInsetAlignment(0, Qt::AlignTop | Qt::AlignLeft);
  return plot;
}

void apply_theme(QCustomPlot& plot, const QWidget& widget) {
  const QPalette palette = widget.palette();
  const QFont font = widget.font();
  const QColor text = palette.color(QPalette::Text);
  const QColor ground = palette.color(QPalette::Base);
  plot.setBackground(ground);
  for (QCPAxis* axis : {plot.xAxis, plot.yAxis, plot.xAxis2, plot.yAxis2}) {
    const QPen line(blend(text, ground, 0.45));
    axis->setBasePen(line);
    axis->setTickPen(line);
    axis->setSubTickPen(line);
    axis->setTickLabelColor(text);
    axis->setLabelColor(text);
    axis->setTickLabelFont(font);
    axis->setLabelFont(font);
    axis->grid()->setPen(QPen(blend(text, ground, 0.85), 1, Qt::DotLine));
    axis->grid()->setZeroLinePen(QPen(blend(text, ground, 0.7)));
  }
  plot.legend->setFont(font);
  plot.legend->setTextColor(text);
  plot.legend->setBrush(blend(ground, palette.color(QPalette::Window), 0.5));
  plot.legend->setBorderPen(Qt::NoPen);
  plot.legend->setRowSpacing(0);
  plot.legend->setMargins(QMargins(4, 2, 4, 2));
}

}  // namespace geomx::gui

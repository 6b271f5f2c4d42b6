#include "gui/panels/theme.h"

#include <qcustomplot.h>

#include <array>

namespace geomx::gui {
namespace {

class SecondsTicker : public QCPAxisTicker {
 protected:
  QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override {
    return QCPAxisTicker::getTickLabel(tick, locale, format, precision) + QStringLiteral("\u00a0s");
  }
};

}  // namespace

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
  auto* heading = new QCPTextElement(plot, title);
  heading->setTextFlags(Qt::AlignLeft | Qt::AlignVCenter);
  plot->plotLayout()->insertRow(0);
  plot->plotLayout()->addElement(0, 0, heading);
  plot->plotLayout()->setRowSpacing(0);
  plot->axisRect()->setMinimumMargins(QMargins(0, 6, 10, 0));
  plot->xAxis->setTicker(QSharedPointer<SecondsTicker>::create());
  for (QCPAxis* axis : {plot->xAxis, plot->yAxis}) {
    axis->setSubTicks(false);
    axis->setTickLengthIn(0);
    axis->setTickLengthOut(axis == plot->xAxis ? 3 : 0);
  }
  plot->yAxis->setNumberFormat(QStringLiteral("g"));
  plot->yAxis->setNumberPrecision(4);
  plot->yAxis->ticker()->setTickCount(3);
  plot->xAxis->ticker()->setTickCount(5);
  plot->setNoAntialiasingOnDrag(true);
  plot->setPlottingHint(QCP::phFastPolylines);
  return plot;
}

void apply_theme(QCustomPlot& plot, const QWidget& widget) {
  const QPalette palette = widget.palette();
  QFont font = widget.font();
  if (font.pixelSize() > 0) font.setPixelSize(qRound(0.88 * font.pixelSize()));
  const QColor text = palette.color(QPalette::Text);
  const QColor ground = palette.color(QPalette::Base);
  const QColor faint = blend(text, ground, 0.3);
  plot.setBackground(ground);
  for (QCPAxis* axis : {plot.xAxis, plot.yAxis, plot.xAxis2, plot.yAxis2}) {
    const QPen line(blend(text, ground, 0.45));
    axis->setBasePen(axis == plot.yAxis ? QPen(Qt::NoPen) : line);
    axis->setTickPen(line);
    axis->setTickLabelColor(faint);
    axis->setTickLabelFont(font);
    axis->grid()->setPen(axis == plot.yAxis ? QPen(blend(text, ground, 0.88)) : QPen(Qt::NoPen));
    axis->grid()->setZeroLinePen(Qt::NoPen);
  }
  if (auto* heading = qobject_cast<QCPTextElement*>(plot.plotLayout()->element(0, 0))) {
    QFont strong = widget.font();
    strong.setWeight(QFont::DemiBold);
    heading->setFont(strong);
    heading->setTextColor(text);
  }
}

}  // namespace geomx::gui

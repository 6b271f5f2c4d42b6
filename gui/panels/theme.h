#pragma once

#include <QColor>
#include <QPalette>
#include <QWidget>

class QCustomPlot;

// How panels look: everything out of the widget's QPalette, and lines in colours that all eyes tell apart.
namespace geomx::gui {

// Okabe and Ito's eight colours (https://jfly.uni-koeln.de/color/), for the n-th line of a chart; on a dark ground the
// black is the palette's text colour, on a light one the yellow is left out for want of contrast.
QColor line_colour(int index, const QPalette& palette);
bool is_dark(const QPalette& palette);

enum class Mood { good, waiting, bad, off };
QColor mood_colour(Mood mood, const QPalette& palette);

// Between two colours: share 0 is `from`, 1 is `to`.
QColor blend(const QColor& from, const QColor& to, double share);

// Background, axes, grid, legend and fonts of a plot as the widget's palette and font have them. To be called again
// after a QEvent::PaletteChange or FontChange.
void apply_theme(QCustomPlot& plot, const QWidget& widget);

}  // namespace geomx::gui

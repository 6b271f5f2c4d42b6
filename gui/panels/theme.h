#pragma once

#include <QColor>
#include <QPalette>
#include <QWidget>

class QCustomPlot;

// How panels look: everything out of the widget's QPalette and font, and lines in colours that all eyes tell apart.
namespace geomx::gui {

// Okabe and Ito's colours (https://jfly.uni-koeln.de/color/), for the n-th line of a chart. What they have black or
// yellow is left out, which one of the grounds would swallow; on a dark one its two blues change places.
QColor line_colour(int index, const QPalette& palette);
bool is_dark(const QPalette& palette);

enum class Mood { good, waiting, bad, off };
QColor mood_colour(Mood mood, const QPalette& palette);

// Between two colours: share 0 is `from`, 1 is `to`.
QColor blend(const QColor& from, const QColor& to, double share);

// Of what is less important than the rest: axes, hints.
QColor faint_text(const QPalette& palette);

// A plot over seconds, with its title above it and a name for those who cannot see it. A ChartKey says which line is
// which.
QCustomPlot* make_plot(const QString& title, QWidget* parent);
// Background, axes, grid, title and fonts as the widget's palette and font have them. To be called again after a
// QEvent::PaletteChange or FontChange.
void apply_theme(QCustomPlot& plot, const QWidget& widget);

}  // namespace geomx::gui

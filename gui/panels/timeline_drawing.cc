// How the Gantt chart is drawn.
#include <QPainter>
#include <QScrollBar>
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gui/panels/theme.h"
#include "gui/panels/timeline_parts.h"
#include "gui/panels/timeline_view.h"

namespace geomx::gui {
namespace {

// 1, 2 or 5 times a power of ten, so that about `count` of them make `width`.
double step_for(double width, double count) {
  const double rough = width / std::max(1.0, count);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power) return factor * power;
  }
  return 10 * power;
}

bool is_bad(const std::string& kind) {
  return kind == "kill" || kind == "down" || kind == "died" || kind == "lost" || kind == "error" || kind == "failed";
}

}  // namespace

void TimelineView::paintEvent(QPaintEvent*) {
  QPainter painter(viewport());
  painter.fillRect(viewport()->rect(), palette().color(QPalette::Base));
  painter.setClipRect(0, top(), viewport()->width(), viewport()->height() - top());
  double y = top() - verticalScrollBar()->value();
  for (const auto& [name, row] : nodes_) {
    if (y + row_height() > top() && y < viewport()->height()) draw_row(painter, row, y);
    y += row_height();
  }
  painter.setClipping(false);
  draw_axis(painter);
  draw_events(painter);
  if (nodes_.empty()) {
    painter.setPen(faint_text(palette()));
    painter.drawText(viewport()->rect().adjusted(0, top(), 0, 0), Qt::AlignCenter, tr("No rounds yet"));
  }
}

void TimelineView::draw_axis(QPainter& painter) const {
  const int left = names_width();
  const QColor text = palette().color(QPalette::Text);
  const double step = step_for(width_, (viewport()->width() - left) / (8.0 * fontMetrics().averageCharWidth() + 20));
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step))));
  for (double time = std::ceil(std::max(0.0, begin_) / step) * step; time <= end(); time += step) {
    const double x = x_of(time);
    painter.setPen(QPen(blend(text, palette().color(QPalette::Base), 0.85), 1, Qt::DotLine));
    painter.drawLine(QPointF(x, row_height()), QPointF(x, viewport()->height()));
    painter.setPen(text);
    const QString label = tr("%1 s").arg(time, 0, 'f', decimals);
    if (x + fontMetrics().horizontalAdvance(label) < viewport()->width()) {
      painter.drawText(QRectF(x + 2, 0, 200, row_height()), Qt::AlignLeft | Qt::AlignVCenter, label);
    }
  }
}

void TimelineView::draw_events(QPainter& painter) const {
  const int left = names_width();
  painter.setPen(palette().color(QPalette::Text));
  painter.drawText(QRectF(4, row_height(), left - 8, row_height()), Qt::AlignLeft | Qt::AlignVCenter, tr("events"));
  std::vector<std::pair<double, const run::EventRow*>> marks;
  for (const run::EventRow& event : events_) {
    const double x = x_of(event.time);
    if (x >= left && x <= viewport()->width()) marks.emplace_back(x, &event);
  }
  std::ranges::stable_sort(marks, {}, &std::pair<double, const run::EventRow*>::first);
  const int letter = fontMetrics().averageCharWidth();
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const auto& [x, event] = marks[i];
    painter.setPen(QPen(mood_colour(is_bad(event->kind) ? Mood::bad : Mood::good, palette()), 2));
    painter.drawLine(QPointF(x, row_height() + 3), QPointF(x, 2 * row_height() - 3));
    // In words as far as the next one leaves room; the tool tip has them all.
    const double next = i + 1 < marks.size() ? marks[i + 1].first : viewport()->width();
    const int room = std::min(static_cast<int>(next - x) - 10, 24 * letter);
    if (room < 5 * letter) continue;
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(QRectF(x + 4, row_height(), room + 4, row_height()), Qt::AlignLeft | Qt::AlignVCenter,
                     fontMetrics().elidedText(text_of(*event), Qt::ElideRight, room));
  }
}

void TimelineView::draw_row(QPainter& painter, const Row& row, double y) const {
  const int left = names_width();
  painter.setPen(palette().color(QPalette::Text));
  painter.drawText(QRectF(4, y, left - 8, row_height()), Qt::AlignLeft | Qt::AlignVCenter,
                   fontMetrics().elidedText(row.name, Qt::ElideMiddle, left - 8));
  const QRectF area(left, y, viewport()->width() - left, row_height());
  painter.save();
  painter.setClipRect(area.intersected(QRectF(0, top(), viewport()->width(), viewport()->height())));
  auto round = std::lower_bound(row.rounds.begin(), row.rounds.end(), begin_,
                                [](const run::RoundRow& each, double time) { return each.time < time; });
  double drawn_to = left;
  for (; round != row.rounds.end(); ++round) {
    double time = round->time - seconds_of(*round);
    if (time > end()) break;
    for (const Part& part : parts()) {
      const double length = (*round).*part.milliseconds / 1000;
      const double x = std::max(x_of(time), drawn_to);
      time += length;
      const double until = x_of(time);
      if (until - x < 0.5) continue;  // too narrow to be seen
      painter.fillRect(QRectF(x, y + 2, until - x, row_height() - 4), part_colour(part, palette()));
      drawn_to = until;
    }
    // Where rounds are wide enough to be told apart, a gap ends each.
    if (seconds_of(*round) / width_ * area.width() > 8) {
      const double x = x_of(round->time);
      painter.fillRect(QRectF(x - 1, y + 1, 1, row_height() - 2), palette().color(QPalette::Base));
    }
  }
  painter.restore();
}

}  // namespace geomx::gui

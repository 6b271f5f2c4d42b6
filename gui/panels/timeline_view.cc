#include "gui/panels/timeline_view.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "gui/client/text.h"
#include "gui/panels/theme.h"
#include "gui/panels/timeline_colours.h"

namespace geomx::gui {
namespace {

constexpr double kNarrowest = 0.05;  // seconds that are shown at least
constexpr double kWidest = 24 * 3600;
constexpr double kMargin = 0.02;  // of the width, to the right of the latest round

double seconds_of(const run::RoundRow& round) {
  double sum = 0;
  for (const Part& part : parts()) sum += round.*part.milliseconds;
  return sum / 1000;
}

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

QString text_of(const run::EventRow& event) {
  QStringList words{to_qt(event.kind)};
  if (!event.object.empty()) words << to_qt(event.object);
  if (!event.detail.empty()) words << to_qt(event.detail);
  return words.join(QLatin1Char(' '));
}

}  // namespace

TimelineView::TimelineView(QWidget* parent) : QAbstractScrollArea(parent) {
  setFocusPolicy(Qt::StrongFocus);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Timeline"));
  setMinimumHeight(8 * fontMetrics().height());
  viewport()->setMouseTracking(true);
}

void TimelineView::add(const RunBatch& batch) {
  for (const run::RoundRow& round : batch.rows.rounds) {
    Row& row = nodes_[round.node];
    if (row.name.isEmpty()) row.name = to_qt(round.node);
    row.rounds.push_back(round);
    last_ = std::max(last_, round.time);
  }
  for (const run::EventRow& event : batch.rows.events) {
    events_.push_back(event);
    last_ = std::max(last_, event.time);
  }
  if (follow_) move_to(last_ - width_ * (1 - kMargin));
  update_bars();
  viewport()->update();
}

void TimelineView::clear() {
  nodes_.clear();
  events_.clear();
  last_ = 0;
  begin_ = 0;
  update_bars();
  viewport()->update();
}

void TimelineView::set_follow(bool follow) {
  if (follow == follow_) return;
  follow_ = follow;
  if (follow_) move_to(last_ - width_ * (1 - kMargin));
  emit follow_changed(follow_);
}

int TimelineView::row_height() const {
  return fontMetrics().height() + 6;
}

int TimelineView::names_width() const {
  int widest = fontMetrics().horizontalAdvance(tr("events"));
  for (const auto& [name, row] : nodes_) widest = std::max(widest, fontMetrics().horizontalAdvance(row.name));
  return std::min(widest + 12, viewport()->width() / 3);
}

int TimelineView::top() const {
  return 2 * row_height();
}

double TimelineView::x_of(double time) const {
  const int left = names_width();
  return left + (time - begin_) / width_ * (viewport()->width() - left);
}

double TimelineView::time_of(double x) const {
  const int left = names_width();
  return begin_ + (x - left) / std::max(1, viewport()->width() - left) * width_;
}

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
  double free_from = left;
  for (const run::EventRow& event : events_) {
    const double x = x_of(event.time);
    if (x < left || x > viewport()->width()) continue;
    painter.setPen(QPen(mood_colour(is_bad(event.kind) ? Mood::bad : Mood::good, palette()), 2));
    painter.drawLine(QPointF(x, row_height() + 3), QPointF(x, 2 * row_height() - 3));
    // Only where it does not run into the one before; the tool tip has them all.
    const QString text =
        fontMetrics().elidedText(text_of(event), Qt::ElideRight, 24 * fontMetrics().averageCharWidth());
    const double width = fontMetrics().horizontalAdvance(text);
    if (x < free_from || x + width + 8 > viewport()->width()) continue;
    painter.setPen(palette().color(QPalette::Text));
    painter.drawText(QRectF(x + 4, row_height(), width + 4, row_height()), Qt::AlignLeft | Qt::AlignVCenter, text);
    free_from = x + width + 12;
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

QString TimelineView::describe(const QPoint& at) const {
  const double time = time_of(at.x());
  if (at.x() < names_width()) return {};
  if (at.y() < top()) {
    QStringList lines;
    const double near = 5 * width_ / std::max(1, viewport()->width() - names_width());
    for (const run::EventRow& event : events_) {
      if (std::abs(event.time - time) <= near) lines << tr("%1 s: %2").arg(event.time, 0, 'f', 2).arg(text_of(event));
    }
    return lines.join(QLatin1Char('\n'));
  }
  const auto index = static_cast<std::size_t>((at.y() - top() + verticalScrollBar()->value()) / row_height());
  if (index >= nodes_.size()) return {};
  const Row& row = std::next(nodes_.begin(), static_cast<std::ptrdiff_t>(index))->second;
  const auto round = std::lower_bound(row.rounds.begin(), row.rounds.end(), time,
                                      [](const run::RoundRow& each, double t) { return each.time < t; });
  if (round == row.rounds.end() || round->time - seconds_of(*round) > time) return {};
  QStringList lines{
      tr("%1, round %2: %3 ms").arg(row.name).arg(round->round).arg(1000 * seconds_of(*round), 0, 'f', 1)};
  for (const Part& part : parts()) {
    const double length = (*round).*part.milliseconds;
    if (length > 0) lines << tr("%1 %2 ms").arg(part_name(part)).arg(length, 0, 'f', 1);
  }
  return lines.join(QLatin1Char('\n'));
}

void TimelineView::move_to(double begin) {
  begin_ = std::max(begin, std::min(0.0, last_ - width_));
  begin_ = std::max(0.0, begin_);
  viewport()->update();
}

void TimelineView::leave_end() {
  if (follow_ && end() < last_) set_follow(false);
}

void TimelineView::zoom(double factor, double around) {
  const double width = std::clamp(width_ * factor, kNarrowest, kWidest);
  const double share = (around - begin_) / width_;
  width_ = width;
  move_to(follow_ ? last_ - width_ * (1 - kMargin) : around - share * width_);
}

void TimelineView::update_bars() {
  const int content = static_cast<int>(nodes_.size()) * row_height();
  const int room = std::max(0, viewport()->height() - top());
  verticalScrollBar()->setRange(0, std::max(0, content - room));
  verticalScrollBar()->setPageStep(room);
  verticalScrollBar()->setSingleStep(row_height());
}

void TimelineView::resizeEvent(QResizeEvent* event) {
  QAbstractScrollArea::resizeEvent(event);
  update_bars();
}

void TimelineView::wheelEvent(QWheelEvent* event) {
  if (event->modifiers() != Qt::NoModifier) {  // with Shift or Ctrl: through the rows
    QAbstractScrollArea::wheelEvent(event);
    return;
  }
  zoom(std::pow(0.8, event->angleDelta().y() / 120.0), time_of(event->position().x()));
  event->accept();
}

void TimelineView::mousePressEvent(QMouseEvent* event) {
  dragged_from_ = event->pos();
}

void TimelineView::mouseMoveEvent(QMouseEvent* event) {
  if (!(event->buttons() & Qt::LeftButton)) return;
  const QPoint moved = event->pos() - dragged_from_;
  dragged_from_ = event->pos();
  move_to(begin_ - moved.x() * width_ / std::max(1, viewport()->width() - names_width()));
  verticalScrollBar()->setValue(verticalScrollBar()->value() - moved.y());
  leave_end();
}

void TimelineView::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Left:
      move_to(begin_ - width_ / 10);
      leave_end();
      break;
    case Qt::Key_Right:
      move_to(begin_ + width_ / 10);
      break;
    case Qt::Key_Home:
      move_to(0);
      leave_end();
      break;
    case Qt::Key_End:
      set_follow(true);
      break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      zoom(0.8, begin_ + width_ / 2);
      break;
    case Qt::Key_Minus:
      zoom(1.25, begin_ + width_ / 2);
      break;
    default:
      QAbstractScrollArea::keyPressEvent(event);
      return;
  }
  event->accept();
}

bool TimelineView::viewportEvent(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    const auto* help = static_cast<QHelpEvent*>(event);
    QToolTip::showText(help->globalPos(), describe(help->pos()), viewport());
    return true;
  }
  return QAbstractScrollArea::viewportEvent(event);
}

}  // namespace geomx::gui

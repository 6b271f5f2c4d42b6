#include "gui/panels/timeline_view.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "gui/client/text.h"
#include "gui/panels/timeline_parts.h"

namespace geomx::gui {
namespace {

constexpr double kNarrowest = 0.05;  // seconds that are shown at least
constexpr double kWidest = 24 * 3600;
constexpr double kMargin = 0.02;  // of the width, to the right of the latest round

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

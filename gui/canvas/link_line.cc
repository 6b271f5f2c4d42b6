#include "gui/canvas/link_line.h"

#include <QLocale>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "gui/canvas/figures.h"

namespace geomx::gui {

namespace {

constexpr qreal kLane = 30;     // between the middles of links that join the same two
constexpr qreal kReach = 6;     // how near the pointer has to be
constexpr qreal kThickest = 7;  // of a direction that is used to the full

qreal stroke_of(const DirectionState& direction, const Theme& theme) {
  return theme.line_width + (kThickest - theme.line_width) * std::clamp(direction.utilisation, 0.0, 1.0);
}

// What is drawn differs only in steps that can be seen.
bool looks_alike(const DirectionState& a, const DirectionState& b) {
  return std::lround(a.utilisation * 40) == std::lround(b.utilisation * 40);
}

}  // namespace

LinkLine::LinkLine(QString id, const Theme& theme) : id_(std::move(id)), theme_(theme) {
  setFlag(ItemIsSelectable);
}

void LinkLine::join(const Vertex* a, const Vertex* b, int lane, int lanes) {
  ends_[0] = a;
  ends_[1] = b;
  // The same side for both directions of writing the ends.
  const qreal sign = a != nullptr && b != nullptr && b->id() < a->id() ? -1 : 1;
  bend_ = sign * (lane - (lanes - 1) / 2.0) * kLane;
  setVisible(is_drawn() && a != b);
  follow_ends();
}

void LinkLine::leave_ends() {
  ends_[0] = nullptr;
  ends_[1] = nullptr;
}

void LinkLine::follow_ends() {
  if (!is_drawn()) return;
  prepareGeometryChange();
  const QPointF from = ends_[0]->scenePos();
  const QPointF to = ends_[1]->scenePos();
  const QLineF whole(from, to);
  if (is_bent() && whole.length() > 0) {
    const QPointF aside = QPointF(-whole.dy(), whole.dx()) / whole.length() * bend_;
    knee_ = whole.center() + 2 * aside;
    line_ = QLineF(ends_[0]->rim_towards(whole.center() + aside), ends_[1]->rim_towards(whole.center() + aside));
  } else {
    line_ = QLineF(ends_[0]->rim_towards(to), ends_[1]->rim_towards(from));
    knee_ = line_.center();
  }
  const qreal margin = kThickest + 4;
  bounds_ = QRectF(line_.p1(), line_.p2()).normalized();
  if (is_bent()) bounds_ = bounds_.united(QRectF(knee_, QSizeF(1, 1)));
  bounds_.adjust(-margin, -margin, margin, margin);
}

QPointF LinkLine::at(qreal part) const {
  if (!is_bent()) return line_.pointAt(part);
  const qreal rest = 1 - part;
  return rest * rest * line_.p1() + 2 * rest * part * knee_ + part * part * line_.p2();
}

QPointF LinkLine::beside(qreal aside) const {
  const qreal length = line_.length();
  return aside == 0 || length == 0 ? QPointF() : QPointF(-line_.dy(), line_.dx()) / length * aside;
}

QPainterPath LinkLine::path(qreal aside) const {
  const QPointF shift = beside(aside);
  QPainterPath path(line_.p1() + shift);
  if (is_bent()) {
    path.quadTo(knee_ + shift, line_.p2() + shift);
  } else {
    path.lineTo(line_.p2() + shift);
  }
  return path;
}

// A path of one line costs the raster engine several times what a line does.
void LinkLine::stroke(QPainter& painter, qreal aside) const {
  if (is_bent()) {
    painter.drawPath(path(aside));
  } else {
    painter.drawLine(line_.translated(beside(aside)));
  }
}

QPainterPath LinkLine::shape() const {
  if (!is_bent() && line_.length() > 0) {
    const QPointF aside = beside(kReach);
    QPainterPath band(line_.p1() + aside);
    band.lineTo(line_.p2() + aside);
    band.lineTo(line_.p2() - aside);
    band.lineTo(line_.p1() - aside);
    band.closeSubpath();
    return band;
  }
  QPainterPathStroker stroker;
  stroker.setWidth(2 * kReach);
  return stroker.createStroke(path());
}

bool LinkLine::contains(const QPointF& point) const {
  return shape().contains(point);
}

void LinkLine::set_asked(const QString& forward, const QString& backward) {
  asked_[0] = forward;
  asked_[1] = backward;
}

void LinkLine::set_state(const std::optional<LinkState>& state) {
  const bool same = state_.has_value() == state.has_value() &&
                    (!state || (state->up == state_->up && looks_alike(state->forward, state_->forward) &&
                                looks_alike(state->backward, state_->backward)));
  state_ = state;
  if (!same) update();
}

void LinkLine::set_hovered(bool hovered) {
  if (hovered_ == hovered) return;
  hovered_ = hovered;
  update();
}

void LinkLine::set_found(bool found) {
  if (found_ == found) return;
  found_ = found;
  update();
}

QStringList LinkLine::label() const {
  const QString right = QStringLiteral("\u2192 ");
  const QString left = QStringLiteral("\u2190 ");
  const int first = rightwards() ? 0 : 1;
  if (state_) {
    if (!state_->up) return {Figures::tr("down")};
    const DirectionState* ways[2] = {&state_->forward, &state_->backward};
    return {right + Figures::rate_and_loss(*ways[first]), left + Figures::rate_and_loss(*ways[1 - first])};
  }
  if (asked_[0] == asked_[1]) return asked_[0].isEmpty() ? QStringList() : QStringList{asked_[0]};
  return {right + asked_[first], left + asked_[1 - first]};
}

bool LinkLine::label_warns() const {
  return state_ && (!state_->up || state_->forward.loss > 0 || state_->backward.loss > 0);
}

void LinkLine::paint_live(QPainter& painter, Detail detail) const {
  if (detail != Detail::full) {  // too small to tell two strokes apart: one, as the busier direction has it
    const bool back = state_->backward.utilisation > state_->forward.utilisation;
    const DirectionState& busier = back ? state_->backward : state_->forward;
    painter.setPen(
        QPen(theme_.utilisation(busier.utilisation), 2 * stroke_of(busier, theme_), Qt::SolidLine, Qt::FlatCap));
    stroke(painter);
    return;
  }
  // Traffic keeps to the right: forward is on the right of the way from the first end to the second.
  const DirectionState* ways[2] = {&state_->forward, &state_->backward};
  for (int i = 0; i < 2; ++i) {
    const qreal width = stroke_of(*ways[i], theme_);
    const qreal aside = (width / 2 + 0.4) * (i == 0 ? 1 : -1);
    painter.setPen(QPen(theme_.utilisation(ways[i]->utilisation), width, Qt::SolidLine, Qt::FlatCap));
    stroke(painter, aside);
  }
}

void LinkLine::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/, QWidget* /*widget*/) {
  if (!is_drawn()) return;
  const Detail detail = detail_of(*painter);
  const bool outlines = detail == Detail::outlines;
  painter->setBrush(Qt::NoBrush);
  if ((isSelected() || hovered_ || found_) && !outlines) {
    QColor halo = found_ && !isSelected() ? QColor(okabe_ito::orange) : theme_.accent;
    halo.setAlphaF(isSelected() || found_ ? 0.45F : 0.22F);
    painter->setPen(QPen(halo, theme_.line_width + 7, Qt::SolidLine, Qt::RoundCap));
    stroke(*painter);
  }
  if (state_ && state_->up) {
    paint_live(*painter, detail);
    return;
  }
  QColor color = isSelected() || hovered_ ? theme_.accent : theme_.link;
  if (state_) color = theme_.bad;
  QPen pen(color, outlines ? (isSelected() ? 2.0 : 1.0) : theme_.line_width + 0.3,
           state_ ? Qt::DashLine : Qt::SolidLine);
  pen.setCosmetic(outlines);
  painter->setPen(pen);
  stroke(*painter);
  if (state_ && !outlines) {
    const QPointF middle = at(0.5);
    painter->setPen(QPen(theme_.bad, 2.6, Qt::SolidLine, Qt::RoundCap));
    painter->drawLine(middle + QPointF(-6, -6), middle + QPointF(6, 6));
    painter->drawLine(middle + QPointF(-6, 6), middle + QPointF(6, -6));
  }
}

}  // namespace geomx::gui

#pragma once

#include <QGraphicsItem>
#include <QLineF>
#include <QString>
#include <QStringList>
#include <optional>

#include "gui/canvas/detail.h"
#include "gui/canvas/live_state.h"
#include "gui/canvas/vertex.h"

namespace geomx::gui {

// A link as a line between the rims of its ends; several between the same two are bent apart. While a lab runs it is
// two strokes, one per direction (each on its right), as wide and as hot as it is used; from afar one, the busier.
class LinkLine : public QGraphicsItem {
 public:
  enum { Type = UserType + 2 };

  LinkLine(QString id, const Theme& theme);

  const QString& id() const { return id_; }
  void set_id(const QString& id) { id_ = id; }
  int type() const override { return Type; }

  // Either may be null: the link has no such end, and is not drawn. `lane` of `lanes` between these two.
  void join(const Vertex* a, const Vertex* b, int lane, int lanes);
  // Its ends are about to go: until it is joined again it draws nothing. It stays selected, as it would not if it were
  // hidden.
  void leave_ends();
  // After an end has moved.
  void follow_ends();
  const Vertex* end(int i) const { return ends_[i]; }

  // What is asked of the link: one line where both directions are alike, else the one that goes to the right first.
  void set_asked(const QString& forward, const QString& backward);
  void set_state(const std::optional<LinkState>& state);
  const std::optional<LinkState>& state() const { return state_; }
  QStringList label() const;  // as it is now
  bool label_warns() const;   // it tells of losses, or that the link is down
  void set_hovered(bool hovered);
  void set_found(bool found);

  // A point of the visible part: 0 is at the first end's rim, 1 at the second's.
  QPointF at(qreal part) const;
  bool is_drawn() const { return ends_[0] != nullptr && ends_[1] != nullptr; }

  QRectF boundingRect() const override { return bounds_; }
  QPainterPath shape() const override;
  bool contains(const QPointF& point) const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

 private:
  bool is_bent() const { return bend_ != 0; }
  QPointF beside(qreal aside) const;  // so far to the right of its way
  QPainterPath path(qreal aside = 0) const;
  void stroke(QPainter& painter, qreal aside = 0) const;
  void paint_live(QPainter& painter, Detail detail) const;
  bool rightwards() const { return line_.dx() >= 0; }

  QString id_;
  const Theme& theme_;
  const Vertex* ends_[2] = {nullptr, nullptr};
  qreal bend_ = 0;  // how far its middle is from the straight line
  QLineF line_;     // from rim to rim
  QPointF knee_;    // control point of the curve
  QRectF bounds_;
  QString asked_[2];
  std::optional<LinkState> state_;
  bool hovered_ = false;
  bool found_ = false;
};

}  // namespace geomx::gui

#include "gui/canvas/label_layout.h"

#include <QHash>
#include <algorithm>
#include <cmath>

namespace geomx::gui {

namespace {

// Rectangles by the cells of a grid that they touch: who might overlap is near.
class Occupied {
 public:
  void add(const QRectF& rect) {
    for_cells(rect, [&](qint64 cell) {
      cells_[cell].push_back(rect);
      return true;
    });
  }
  bool free(const QRectF& rect) const {
    return for_cells(rect, [&](qint64 cell) {
      const auto found = cells_.constFind(cell);
      return found == cells_.constEnd() ||
             std::none_of(found->begin(), found->end(), [&](const QRectF& other) { return other.intersects(rect); });
    });
  }

 private:
  static constexpr qreal kCell = 96;

  // Calls `visit` for every cell until it says false; whether it never did.
  template <typename Visit>
  static bool for_cells(const QRectF& rect, Visit visit) {
    const auto cell = [](qreal at) { return static_cast<qint64>(std::floor(at / kCell)); };
    for (qint64 y = cell(rect.top()); y <= cell(rect.bottom()); ++y) {
      for (qint64 x = cell(rect.left()); x <= cell(rect.right()); ++x) {
        if (!visit(x * (qint64{1} << 32) + y)) return false;
      }
    }
    return true;
  }

  QHash<qint64, std::vector<QRectF>> cells_;
};

}  // namespace

std::vector<std::optional<QRectF>> place_labels(const std::vector<LabelWish>& wishes,
                                                const std::vector<QRectF>& obstacles) {
  Occupied occupied;
  for (const QRectF& obstacle : obstacles) occupied.add(obstacle);
  std::vector<std::optional<QRectF>> placed;
  placed.reserve(wishes.size());
  for (const LabelWish& wish : wishes) {
    std::optional<QRectF> place;
    for (const QPointF& center : wish.centers) {
      QRectF rect(QPointF(), wish.size);
      rect.moveCenter(center);
      if (!occupied.free(rect)) continue;
      occupied.add(rect);
      place = rect;
      break;
    }
    placed.push_back(place);
  }
  return placed;
}

}  // namespace geomx::gui

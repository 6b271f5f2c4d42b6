#pragma once

#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <optional>
#include <vector>

// Where names and figures go so that none lies upon another: each label has places it would like, the best first, and
// takes the first that is free. Greedy, in the order given: whoever is more important comes first. Pure; scene
// coordinates.
namespace geomx::gui {

struct LabelWish {
  QSizeF size;
  std::vector<QPointF> centers;  // the best first
};

// The rectangle of each, in the same order; none where all of its places are taken, by `obstacles` or by earlier
// labels.
std::vector<std::optional<QRectF>> place_labels(const std::vector<LabelWish>& wishes,
                                                const std::vector<QRectF>& obstacles);

}  // namespace geomx::gui

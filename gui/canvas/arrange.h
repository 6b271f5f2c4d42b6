#pragma once

#include <QRectF>
#include <vector>

// Things in a row. Pure.
namespace geomx::gui {

enum class Alignment { left, center, right, top, middle, bottom, spread_across, spread_down };

// New centers of the rectangles, in their order. Spreading makes the gaps between neighbours equal and leaves the
// outermost two where they are; it and aligning fewer than two change nothing.
std::vector<QPointF> aligned(Alignment alignment, const std::vector<QRectF>& rects);

}  // namespace geomx::gui

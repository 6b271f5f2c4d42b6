#include "gui/canvas/arrange.h"

#include <algorithm>
#include <numeric>

namespace geomx::gui {

namespace {

void spread(const std::vector<QRectF>& rects, bool across, std::vector<QPointF>& centers) {
  const auto begin = [&](std::size_t i) { return across ? rects[i].left() : rects[i].top(); };
  const auto size = [&](std::size_t i) { return across ? rects[i].width() : rects[i].height(); };
  std::vector<std::size_t> order(rects.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return begin(a) < begin(b); });
  qreal taken = 0;
  for (const std::size_t i : order) taken += size(i);
  const qreal whole = begin(order.back()) + size(order.back()) - begin(order.front());
  const qreal gap = (whole - taken) / static_cast<qreal>(rects.size() - 1);
  qreal at = begin(order.front());
  for (const std::size_t i : order) {
    (across ? centers[i].rx() : centers[i].ry()) = at + size(i) / 2;
    at += size(i) + gap;
  }
}

}  // namespace

std::vector<QPointF> aligned(Alignment alignment, const std::vector<QRectF>& rects) {
  std::vector<QPointF> centers;
  QRectF all;
  for (const QRectF& rect : rects) {
    centers.push_back(rect.center());
    all = all.united(rect);
  }
  if (rects.size() < 2) return centers;
  if (alignment == Alignment::spread_across || alignment == Alignment::spread_down) {
    if (rects.size() > 2) spread(rects, alignment == Alignment::spread_across, centers);
    return centers;
  }
  for (std::size_t i = 0; i < rects.size(); ++i) {
    const qreal half_width = rects[i].width() / 2;
    const qreal half_height = rects[i].height() / 2;
    switch (alignment) {
      case Alignment::left:
        centers[i].setX(all.left() + half_width);
        break;
      case Alignment::center:
        centers[i].setX(all.center().x());
        break;
      case Alignment::right:
        centers[i].setX(all.right() - half_width);
        break;
      case Alignment::top:
        centers[i].setY(all.top() + half_height);
        break;
      case Alignment::middle:
        centers[i].setY(all.center().y());
        break;
      case Alignment::bottom:
        centers[i].setY(all.bottom() - half_height);
        break;
      case Alignment::spread_across:
      case Alignment::spread_down:
        break;
    }
  }
  return centers;
}

}  // namespace geomx::gui

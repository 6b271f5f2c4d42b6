#pragma once

#include <QPainter>
#include <QStyleOptionGraphicsItem>
#include <algorithm>

// How much of a drawing can be made out at a zoom, and so is drawn: what could not be read costs nothing.
namespace geomx::gui {

enum class Detail {
  outlines,  // lines and blocks of colour
  shapes,    // what a free node is, and a data center's name
  full       // what is in data centers too
};

inline Detail detail_at(qreal scale) {
  if (scale < 0.24) return Detail::outlines;
  return scale < 0.42 ? Detail::shapes : Detail::full;
}

// The size, in the scene, of type that is `pixels` high at 100 %: at a smaller scale it shrinks no further than to
// `least` pixels of the screen, as long as there is room for `most` in the scene.
inline int type_size(int pixels, qreal least, int most, qreal scale) {
  return std::clamp(qRound(least / scale), pixels, std::max(pixels, most));
}

inline qreal scale_of(const QPainter& painter) {
  return QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter.worldTransform());
}

inline Detail detail_of(const QPainter& painter) {
  return detail_at(scale_of(painter));
}

}  // namespace geomx::gui

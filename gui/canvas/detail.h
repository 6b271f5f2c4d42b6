#pragma once

#include <QPainter>
#include <QStyleOptionGraphicsItem>

// How much of a drawing can be made out at a zoom, and so is drawn: what could not be read costs nothing.
namespace geomx::gui {

enum class Detail {
  outlines,  // lines and blocks of colour
  shapes,    // what a node is
  full       // names and figures too
};

inline Detail detail_at(qreal scale) {
  if (scale < 0.24) return Detail::outlines;
  return scale < 0.48 ? Detail::shapes : Detail::full;
}

inline Detail detail_of(const QPainter& painter) {
  return detail_at(QStyleOptionGraphicsItem::levelOfDetailFromTransform(painter.worldTransform()));
}

}  // namespace geomx::gui

#pragma once

#include <QLineF>
#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <vector>

// How the inside of a data center's box is arranged: its gateway and its switch in the first row, then its hosts in
// rows, each hanging from a bus. Pure; relative to the box's center, in scene units.
namespace geomx::gui {

inline constexpr qreal kTile = 38;       // a node's square
inline constexpr qreal kBoxHeader = 30;  // the strip with the name
inline constexpr qreal kCollapsedWidth = 132;
inline constexpr qreal kCollapsedHeight = 54;

struct BoxLayout {
  QRectF box;
  QPointF gateway;  // centers of the tiles
  QPointF lan_switch;
  std::vector<QPointF> hosts;  // in their order
  std::vector<QLineF> wires;   // of the LAN
};

// `header_width`: what the name needs.
BoxLayout box_layout(int hosts, qreal header_width);
QRectF collapsed_box();

}  // namespace geomx::gui

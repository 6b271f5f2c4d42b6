#include "gui/canvas/box_layout.h"

#include <QLineF>
#include <algorithm>
#include <cmath>

namespace geomx::gui {

namespace {

constexpr qreal kColumn = 84;
constexpr qreal kRow = 84;   // from bus to bus
constexpr qreal kHead = 66;  // of the gateway's row
constexpr qreal kDrop = 13;  // from a bus to the tiles that hang on it
constexpr qreal kMargin = 14;

}  // namespace

BoxLayout box_layout(int hosts, qreal header_width) {
  const int columns = hosts <= 4 ? std::max(hosts, 2) : static_cast<int>(std::ceil(std::sqrt(1.7 * hosts)));
  const int rows = (hosts + columns - 1) / columns;
  const qreal width = std::max(columns * kColumn + 2 * kMargin, header_width);
  const qreal height = kBoxHeader + kHead + rows * kRow + (rows > 0 ? 4 : 8);
  BoxLayout layout;
  layout.box = QRectF(-width / 2, -height / 2, width, height);
  const qreal top = layout.box.top() + kBoxHeader;
  const qreal first = top + 8 + kTile / 2;
  layout.gateway = QPointF(-kColumn / 2, first);
  layout.lan_switch = QPointF(kColumn / 2, first);
  layout.wires.emplace_back(layout.gateway, layout.lan_switch);

  const qreal spine = -columns * kColumn / 2 + 4;  // joins the rows' buses where there are several
  qreal bus = 0;
  for (int row = 0; row < rows; ++row) {
    bus = top + kHead + row * kRow + 2;
    const int here = std::min(columns, hosts - row * columns);
    const qreal shift = rows == 1 ? 0.0 : (columns - here) * kColumn / 2;  // a last short row begins at the left
    qreal left = row == 0 ? layout.lan_switch.x() : spine;
    qreal right = left;
    for (int i = 0; i < here; ++i) {
      const qreal x = (i - (here - 1) / 2.0) * kColumn - shift;
      layout.hosts.emplace_back(x, bus + kDrop + kTile / 2);
      layout.wires.emplace_back(x, bus, x, bus + kDrop);
      left = std::min(left, x);
      right = std::max(right, x);
    }
    if (rows > 1) left = spine;
    layout.wires.emplace_back(left, bus, right, bus);
    if (row == 0) {
      // Beside the switch's name, not through it.
      const qreal x = layout.lan_switch.x() + kTile / 2;
      layout.wires.emplace_back(x, first, x + 12, first);
      layout.wires.emplace_back(x + 12, first, x + 12, bus);
      if (x + 12 > right) layout.wires.emplace_back(right, bus, x + 12, bus);
    }
  }
  if (rows > 1) layout.wires.emplace_back(spine, top + kHead + 2, spine, bus);
  return layout;
}

QRectF collapsed_box() {
  return {-kCollapsedWidth / 2, -kCollapsedHeight / 2, kCollapsedWidth, kCollapsedHeight};
}

}  // namespace geomx::gui

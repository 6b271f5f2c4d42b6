#include "gui/canvas/tile.h"

#include <QPixmap>

#include "gui/canvas/box_layout.h"
#include "gui/theme/icons.h"

namespace geomx::gui {

Glyph glyph_of_host(const QString& name) {
  const QString role = name.section('-', 0, -1);
  if (role.endsWith(QLatin1String("-gateway"))) return Glyph::gateway;
  if (role.endsWith(QLatin1String("-switch"))) return Glyph::switch_;
  if (role.endsWith(QLatin1String("-scheduler"))) return Glyph::scheduler;
  if (role.endsWith(QLatin1String("-master"))) return Glyph::worker;
  const QString kind = role.section('-', -2, -2);
  if (kind == QLatin1String("worker")) return Glyph::worker;
  if (kind == QLatin1String("server")) return Glyph::server;
  return Glyph::host;
}

QColor color_of(Glyph glyph, const Theme& theme) {
  switch (glyph) {
    case Glyph::router:
    case Glyph::gateway:
      return QColor(theme.dark ? okabe_ito::sky : okabe_ito::blue);
    case Glyph::switch_:
      return QColor(okabe_ito::green);
    case Glyph::worker:
      return QColor(okabe_ito::orange);
    case Glyph::server:
      return QColor(okabe_ito::purple);
    case Glyph::scheduler:
      return QColor(okabe_ito::vermilion);
    case Glyph::datacenter:
    case Glyph::host:
      break;
  }
  return theme.text_muted;
}

QString drawing_of(Glyph glyph) {
  switch (glyph) {
    case Glyph::datacenter:
      return QStringLiteral("datacenter");
    case Glyph::host:
      return QStringLiteral("host");
    case Glyph::router:
      return QStringLiteral("router");
    case Glyph::switch_:
      return QStringLiteral("switch");
    case Glyph::gateway:
      return QStringLiteral("gateway");
    case Glyph::worker:
      return QStringLiteral("worker");
    case Glyph::server:
      return QStringLiteral("server");
    case Glyph::scheduler:
      return QStringLiteral("scheduler");
  }
  return {};
}

QRectF outline_of(Glyph glyph) {
  const bool wide = glyph == Glyph::switch_;
  const qreal width = wide ? kTile + 4 : kTile;
  const qreal height = wide ? kTile - 10 : kTile;
  return {-width / 2, -height / 2, width, height};
}

QPainterPath outline_path(Glyph glyph) {
  const QRectF rect = outline_of(glyph);
  QPainterPath path;
  const bool round = glyph == Glyph::router || glyph == Glyph::gateway;
  const qreal radius = round ? rect.width() / 2 : 9;
  path.addRoundedRect(rect, radius, radius);
  return path;
}

void paint_ring(QPainter& painter, const QRectF& rect, qreal radius, const TileLook& look, const Theme& theme) {
  if (!look.selected && !look.hovered && !look.found && !look.target) return;
  QColor color = theme.accent;
  if (look.found && !look.selected) color = QColor(okabe_ito::orange);
  const bool strong = look.selected || look.found || look.target;
  color.setAlphaF(strong ? 1.0F : 0.55F);
  painter.setPen(QPen(color, strong ? theme.line_width + 0.7 : theme.line_width));
  QColor wash = color;
  wash.setAlphaF(look.target ? 0.22F : strong ? 0.12F : 0.0F);
  painter.setBrush(wash);
  const qreal room = 3.5;
  painter.drawRoundedRect(rect.adjusted(-room, -room, room, room), radius + room, radius + room);
}

void paint_tile(QPainter& painter, const TileLook& look, const Theme& theme, bool crisp) {
  const QRectF rect = outline_of(look.glyph);
  const bool round = look.glyph == Glyph::router || look.glyph == Glyph::gateway;
  const qreal radius = round ? rect.width() / 2 : 9;
  const bool dead = look.state == NodeState::dead;
  const QColor color = dead ? theme.text_muted : color_of(look.glyph, theme);
  const QColor fill = mixed(theme.surface, color, theme.dark ? 0.20 : 0.13);
  if (!crisp) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(look.selected || look.target ? theme.accent : look.found ? QColor(okabe_ito::orange) : color);
    painter.drawRect(rect.adjusted(4, 4, -4, -4));
    return;
  }
  paint_ring(painter, rect, radius, look, theme);
  painter.setPen(
      QPen(mixed(theme.surface, color, dead ? 0.5 : 0.8), theme.line_width, dead ? Qt::DashLine : Qt::SolidLine));
  painter.setBrush(fill);
  painter.drawRoundedRect(rect, radius, radius);

  const QColor ink = theme.dark ? mixed(color, Qt::white, 0.25) : mixed(color, Qt::black, 0.25);
  const qreal side = 23;
  const qreal scale = painter.deviceTransform().m11();
  const QPixmap pixmap = drawing(drawing_of(look.glyph), dead ? mixed(theme.surface, ink, 0.55) : ink,
                                 std::clamp(qRound(side * scale), 4, 256));
  painter.drawPixmap(QRectF(-side / 2, -side / 2, side, side), pixmap, QRectF(pixmap.rect()));

  if (look.state == NodeState::dead || look.state == NodeState::paused) {
    const QPointF corner = rect.topRight() + QPointF(-3, 3);
    painter.setPen(QPen(theme.surface, 1.5));
    painter.setBrush(dead ? theme.bad : theme.warning);
    painter.drawEllipse(corner, 8, 8);
    painter.setPen(QPen(theme.surface, 2, Qt::SolidLine, Qt::RoundCap));
    if (dead) {
      painter.drawLine(corner + QPointF(-3, -3), corner + QPointF(3, 3));
      painter.drawLine(corner + QPointF(-3, 3), corner + QPointF(3, -3));
    } else {
      painter.drawLine(corner + QPointF(-2, -3), corner + QPointF(-2, 3));
      painter.drawLine(corner + QPointF(2, -3), corner + QPointF(2, 3));
    }
  }
}

}  // namespace geomx::gui

#pragma once

#include <QPainter>
#include <QPainterPath>
#include <QRectF>
#include <QString>

#include "gui/canvas/live_state.h"
#include "gui/theme/theme.h"

// How a node looks: each kind has an outline and a drawing of its own besides its colour. The palette draws the same.
namespace geomx::gui {

enum class Glyph { datacenter, host, router, switch_, gateway, worker, server, scheduler };

// By what a training role's name ends in: "a-worker-0", "central-global-scheduler".
Glyph glyph_of_host(const QString& name);

struct TileLook {
  Glyph glyph = Glyph::host;
  NodeState state = NodeState::unknown;
  bool selected = false;
  bool hovered = false;
  bool found = false;   // by a search
  bool target = false;  // a link that is being drawn would end here
};

QColor color_of(Glyph glyph, const Theme& theme);
QString drawing_of(Glyph glyph);
// About (0, 0), in scene units.
QRectF outline_of(Glyph glyph);
QPainterPath outline_path(Glyph glyph);

// About (0, 0). `crisp`: at a scale where its drawing can be made out.
void paint_tile(QPainter& painter, const TileLook& look, const Theme& theme, bool crisp);

// The ring around what is selected, hovered or found; nothing for what is neither.
void paint_ring(QPainter& painter, const QRectF& rect, qreal radius, const TileLook& look, const Theme& theme);

}  // namespace geomx::gui

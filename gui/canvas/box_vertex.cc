#include "gui/canvas/box_vertex.h"

#include <QFontMetricsF>

#include "gui/canvas/figures.h"
#include "gui/theme/icons.h"

namespace geomx::gui {

namespace {

constexpr qreal kRadius = 12;
constexpr qreal kMargin = 12;

QFont title_font(const Theme& theme) {
  QFont font = theme.small_font();
  font.setPixelSize(theme.small_pixels + 2);
  font.setWeight(QFont::DemiBold);
  return font;
}

}  // namespace

BoxVertex::BoxVertex(QString id, const Theme& theme) : Vertex(std::move(id), theme) {
  look_.glyph = Glyph::datacenter;
  layout_ = box_layout(0, 0);
}

BoxVertex::~BoxVertex() = default;

void BoxVertex::show(const Contents& contents) {
  if (contents == contents_ && !members_.empty()) return;
  contents_ = contents;
  arrange();
}

void BoxVertex::restyle() {
  arrange();
}

void BoxVertex::set_collapsed(bool collapsed) {
  if (collapsed == collapsed_) return;
  prepareGeometryChange();
  collapsed_ = collapsed;
  for (const auto& [name, member] : members_) {
    member->setVisible(!collapsed);
    if (collapsed) member->setSelected(false);
  }
}

NodeVertex* BoxVertex::member(const QString& name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : found->second;
}

QString BoxVertex::caption_of(const QString& name) const {
  const QString prefix = contents_.title + '-';
  return name.startsWith(prefix) ? name.mid(prefix.size()) : name;
}

QString BoxVertex::subtitle() const {
  const auto hosts = Figures::hosts(contents_.hosts.size());
  return contents_.lan.isEmpty() ? hosts : QStringLiteral("%1 \u00b7 LAN %2").arg(hosts, contents_.lan);
}

void BoxVertex::arrange() {
  prepareGeometryChange();
  const QFontMetricsF title(title_font(theme()));
  const QFontMetricsF small(theme().small_font());
  layout_ = box_layout(static_cast<int>(contents_.hosts.size()),
                       title.horizontalAdvance(contents_.title) + small.horizontalAdvance(subtitle()) + 92);
  std::map<QString, NodeVertex*> old;
  old.swap(members_);
  const auto put = [&](const Member& member, QPointF at) {
    if (members_.contains(member.name)) return;  // a name that is taken twice is drawn once
    NodeVertex* vertex = nullptr;
    if (const auto found = old.find(member.name); found != old.end()) {
      vertex = found->second;
      old.erase(found);
      vertex->set_glyph(member.glyph);
    } else {
      vertex = new NodeVertex(member.name, member.glyph, theme(), this);
    }
    vertex->set_brought_along(member.brought_along);
    vertex->set_caption(caption_of(member.name));
    vertex->setPos(at);
    vertex->setVisible(!collapsed_);
    members_.emplace(member.name, vertex);
  };
  put({contents_.title + "-gateway", Glyph::gateway}, layout_.gateway);
  put({contents_.title + "-switch", Glyph::switch_}, layout_.lan_switch);
  for (std::size_t i = 0; i < contents_.hosts.size(); ++i) put(contents_.hosts[i], layout_.hosts[i]);
  for (const auto& [name, vertex] : old) delete vertex;
  update();
}

QRectF BoxVertex::toggle() const {
  const QRectF rect = body();
  return {rect.right() - 27, collapsed_ ? rect.top() + 5 : rect.top() + 4, 22, 22};
}

QRectF BoxVertex::boundingRect() const {
  return body().adjusted(-kMargin, -kMargin, kMargin, kMargin);
}

QPainterPath BoxVertex::shape() const {
  QPainterPath path;
  path.addRect(body().adjusted(-4, -4, 4, 4));
  return path;
}

void BoxVertex::paint_header(QPainter& painter) const {
  const QRectF rect = body();
  const QRectF header(rect.left(), rect.top(), rect.width(), kBoxHeader);
  painter.setPen(QPen(mixed(theme().box, theme().box_border, 0.6), 1));
  painter.drawLine(header.bottomLeft(), header.bottomRight());
  const qreal scale = painter.deviceTransform().m11();
  const auto draw = [&](const QString& name, const QRectF& at) {
    const QPixmap pixmap = drawing(name, theme().text_muted, std::clamp(qRound(at.width() * scale), 4, 256));
    painter.drawPixmap(at, pixmap, QRectF(pixmap.rect()));
  };
  draw("datacenter", {header.left() + 10, header.top() + 6, 17, 17});
  draw("chevron-up", toggle().adjusted(2, 2, -2, -2));
  const QRectF words = header.adjusted(33, 0, -31, 0);
  QFont font = title_font(theme());
  font.setPixelSize(type_size(font.pixelSize(), 12, 21, scale_of(painter)));
  const QFontMetricsF title(font);
  painter.setPen(theme().text);
  painter.setFont(font);
  painter.drawText(words, Qt::AlignLeft | Qt::AlignVCenter,
                   title.elidedText(contents_.title, Qt::ElideRight, words.width()));
  font = theme().small_font();
  font.setPixelSize(type_size(theme().small_pixels, 10, 17, scale_of(painter)));
  // Beside the name, as far as it leaves room.
  const qreal room = words.width() - title.horizontalAdvance(contents_.title) - 12;
  for (const QString& text : {subtitle(), Figures::hosts(contents_.hosts.size())}) {
    if (QFontMetricsF(font).horizontalAdvance(text) > room) continue;
    painter.setPen(theme().text_muted);
    painter.setFont(font);
    painter.drawText(words, Qt::AlignRight | Qt::AlignVCenter, text);
    break;
  }
}

// Where what is inside could not be made out: the name, and a square for each host.
void BoxVertex::paint_small(QPainter& painter) const {
  const qreal pixel = 1 / scale_of(painter);  // of the screen
  const QRectF rect = body().adjusted(3 * pixel, 0, -3 * pixel, 0);
  if (rect.width() < 34 * pixel || rect.height() < 13 * pixel) return;
  QFont font = title_font(theme());
  font.setPixelSize(qRound(theme().small_pixels * pixel));
  const QFontMetricsF metrics(font);
  const qreal side = 5 * pixel;
  const qreal step = side + 2 * pixel;
  const auto count = static_cast<qreal>(contents_.hosts.size());
  const bool squares = !collapsed_ && count > 0 && rect.height() > metrics.height() + 2.2 * side &&
                       count * step < rect.width() && scale_of(painter) > 0.2;
  QRectF words(rect.left(), rect.center().y() - metrics.height() / 2, rect.width(), metrics.height());
  if (squares) words.translate(0, -side);
  painter.setFont(font);
  painter.setPen(theme().text);
  painter.drawText(words, Qt::AlignCenter | Qt::TextSingleLine,
                   metrics.elidedText(contents_.title, Qt::ElideRight, words.width()));
  if (!squares) return;
  qreal x = rect.center().x() - count * step / 2;
  painter.setPen(Qt::NoPen);
  for (const Member& member : contents_.hosts) {
    const auto vertex = members_.find(member.name);
    const bool dead = vertex != members_.end() && vertex->second->state() == NodeState::dead;
    painter.setBrush(dead ? theme().bad : color_of(member.glyph, theme()));
    painter.drawRect(QRectF(x, words.bottom() + 1.5 * pixel, side, dead ? side / 3 : side));
    x += step;
  }
}

void BoxVertex::paint_collapsed(QPainter& painter) const {
  const QRectF rect = body();
  const qreal scale = painter.deviceTransform().m11();
  const QRectF at(rect.left() + 12, rect.center().y() - 13, 26, 26);
  const QPixmap pixmap = drawing("datacenter", theme().text_muted, std::clamp(qRound(26 * scale), 4, 256));
  painter.drawPixmap(at, pixmap, QRectF(pixmap.rect()));
  const QPixmap mark = drawing("chevron-down", theme().text_muted, std::clamp(qRound(18 * scale), 4, 256));
  painter.drawPixmap(toggle().adjusted(2, 2, -2, -2), mark, QRectF(mark.rect()));
  const QRectF words = rect.adjusted(46, 7, -8, -7);
  QFont font = title_font(theme());
  font.setPixelSize(type_size(font.pixelSize(), 12, 18, scale_of(painter)));
  painter.setFont(font);
  painter.setPen(theme().text);
  painter.drawText(words, Qt::AlignLeft | Qt::AlignTop,
                   QFontMetricsF(font).elidedText(contents_.title, Qt::ElideRight, words.width() - 20));
  font = theme().small_font();
  font.setPixelSize(type_size(theme().small_pixels, 10, 15, scale_of(painter)));
  painter.setFont(font);
  painter.setPen(theme().text_muted);
  painter.drawText(words, Qt::AlignLeft | Qt::AlignBottom, Figures::hosts(contents_.hosts.size()));
}

void BoxVertex::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/, QWidget* /*widget*/) {
  const Detail detail = detail_of(*painter);
  const QRectF rect = body();
  if (detail != Detail::outlines) paint_ring(*painter, rect, kRadius, look(), theme());
  painter->setBrush(theme().box);
  const QColor edge = isSelected() || look_.target ? theme().accent : theme().box_border;
  const qreal width = (theme().line_width - 0.3) / std::min(1.0, scale_of(*painter));  // the same on the screen
  painter->setPen(QPen(edge, detail == Detail::outlines ? 3 : width));
  if (detail == Detail::outlines) {
    painter->drawRect(rect);
  } else {
    painter->drawRoundedRect(rect, kRadius, kRadius);
  }
  if (detail != Detail::full) {
    paint_small(*painter);
  } else if (collapsed_) {
    paint_collapsed(*painter);
  } else {
    paint_header(*painter);
    painter->setPen(QPen(mixed(theme().box, theme().link, 0.65), theme().line_width, Qt::SolidLine, Qt::RoundCap));
    painter->drawLines(layout_.wires.data(), static_cast<int>(layout_.wires.size()));
  }
  if (look_.hovered && detail != Detail::outlines) paint_handles(*painter);
}

}  // namespace geomx::gui

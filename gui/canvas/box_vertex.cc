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
  if (detail_of(painter) != Detail::full) return;
  const qreal scale = painter.deviceTransform().m11();
  const auto draw = [&](const QString& name, const QRectF& at) {
    const QPixmap pixmap = drawing(name, theme().text_muted, std::clamp(qRound(at.width() * scale), 4, 256));
    painter.drawPixmap(at, pixmap, QRectF(pixmap.rect()));
  };
  draw("datacenter", {header.left() + 10, header.top() + 6, 17, 17});
  draw("chevron-up", toggle().adjusted(2, 2, -2, -2));
  painter.setPen(theme().text);
  painter.setFont(title_font(theme()));
  const QRectF words = header.adjusted(33, 0, -31, 0);
  painter.drawText(words, Qt::AlignLeft | Qt::AlignVCenter, contents_.title);
  painter.setPen(theme().text_muted);
  painter.setFont(theme().small_font());
  painter.drawText(words, Qt::AlignRight | Qt::AlignVCenter, subtitle());
}

void BoxVertex::paint_collapsed(QPainter& painter, Detail detail) const {
  const QRectF rect = body();
  if (detail == Detail::outlines) return;
  const qreal scale = painter.deviceTransform().m11();
  const QRectF at(rect.left() + 12, rect.center().y() - 13, 26, 26);
  const QPixmap pixmap = drawing("datacenter", theme().text_muted, std::clamp(qRound(26 * scale), 4, 256));
  painter.drawPixmap(at, pixmap, QRectF(pixmap.rect()));
  if (detail != Detail::full) return;
  const QPixmap mark = drawing("chevron-down", theme().text_muted, std::clamp(qRound(18 * scale), 4, 256));
  painter.drawPixmap(toggle().adjusted(2, 2, -2, -2), mark, QRectF(mark.rect()));
  const QRectF words = rect.adjusted(46, 7, -8, -7);
  const QFont font = title_font(theme());
  painter.setFont(font);
  painter.setPen(theme().text);
  painter.drawText(words, Qt::AlignLeft | Qt::AlignTop,
                   QFontMetricsF(font).elidedText(contents_.title, Qt::ElideRight, words.width() - 20));
  painter.setFont(theme().small_font());
  painter.setPen(theme().text_muted);
  painter.drawText(words, Qt::AlignLeft | Qt::AlignBottom, Figures::hosts(contents_.hosts.size()));
}

void BoxVertex::paint(QPainter* painter, const QStyleOptionGraphicsItem* /*option*/, QWidget* /*widget*/) {
  const Detail detail = detail_of(*painter);
  const QRectF rect = body();
  if (detail != Detail::outlines) paint_ring(*painter, rect, kRadius, look(), theme());
  painter->setBrush(theme().box);
  const QColor edge = isSelected() || look_.target ? theme().accent : theme().box_border;
  painter->setPen(QPen(edge, detail == Detail::outlines ? 3 : theme().line_width - 0.3));
  if (detail == Detail::outlines) {
    painter->drawRect(rect);
  } else {
    painter->drawRoundedRect(rect, kRadius, kRadius);
  }
  if (collapsed_) {
    paint_collapsed(*painter, detail);
  } else if (detail != Detail::outlines) {
    paint_header(*painter);
    painter->setPen(QPen(mixed(theme().box, theme().link, 0.65), theme().line_width, Qt::SolidLine, Qt::RoundCap));
    painter->drawLines(layout_.wires.data(), static_cast<int>(layout_.wires.size()));
  }
  if (look_.hovered && detail != Detail::outlines) paint_handles(*painter);
}

}  // namespace geomx::gui

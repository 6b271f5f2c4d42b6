#include "gui/canvas/canvas_scene.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "gui/canvas/figures.h"

namespace geomx::gui {

namespace {

Glyph glyph_of_kind(ItemKind kind) {
  if (kind == ItemKind::router) return Glyph::router;
  return kind == ItemKind::switch_ ? Glyph::switch_ : Glyph::host;
}

}  // namespace

CanvasScene::CanvasScene(TopologyModel& model, Positions& positions, QObject* parent)
    : QGraphicsScene(parent), model_(model), positions_(positions), labels_(new LabelLayer(theme_)) {
  // A tree of items would have to be kept while all of them are dragged or coloured; a look at each costs less.
  setItemIndexMethod(NoIndex);
  addItem(labels_);
  relabel_soon_.setSingleShot(true);
  relabel_soon_.setInterval(0);
  figures_soon_.setSingleShot(true);
  figures_soon_.setInterval(250);
  connect(&relabel_soon_, &QTimer::timeout, this, &CanvasScene::relabel);
  connect(&figures_soon_, &QTimer::timeout, this, &CanvasScene::refresh_figures);
  connect(&model_, &TopologyModel::item_renamed, this, &CanvasScene::rename);
  connect(&model_, &TopologyModel::changed, this, &CanvasScene::sync);
  connect(&positions_, &Positions::moved, this, &CanvasScene::place);
  connect(&positions_, &Positions::collapsed_changed, this, &CanvasScene::collapse);
  connect(this, &QGraphicsScene::selectionChanged, this, &CanvasScene::selected);
  positions_.set_sizes([this](const QString& id) { return size_of(id); });
  sync();
}

CanvasScene::~CanvasScene() {
  disconnect(this, nullptr, nullptr, nullptr);  // items that go are no news
  positions_.set_sizes({});
}

// Also of what is not drawn yet: positions are asked for first.
QSizeF CanvasScene::size_of(const QString& id) const {
  if (const Vertex* top = vertices_.value(id); top != nullptr && top->is_box()) return top->body().size();
  const DatacenterItem* item = model_.datacenter(id);
  if (item == nullptr) return {110, 70};  // a tile with its name
  if (positions_.is_collapsed(id)) return collapsed_box().size();
  return box_layout(static_cast<int>(item->hosts.size()), 240).box.size();
}

void CanvasScene::set_theme(const Theme& theme) {
  theme_ = theme;
  for (Vertex* top : tops_) {
    if (top->is_box()) static_cast<BoxVertex*>(top)->restyle();
  }
  join_links();
  relabel();
  update();
  emit restyled();
}

Vertex* CanvasScene::top_of(Vertex* vertex) {
  auto* box = static_cast<Vertex*>(vertex->parentItem());
  return box == nullptr ? vertex : box;
}

Vertex* CanvasScene::vertex(const QString& id) const {
  if (Vertex* top = vertices_.value(id)) return top;
  for (Vertex* top : tops_) {
    if (!top->is_box()) continue;
    auto* box = static_cast<BoxVertex*>(top);
    if (NodeVertex* member = box->member(id)) return box->is_collapsed() ? nullptr : member;
  }
  return nullptr;
}

QRectF CanvasScene::contents() const {
  QRectF all;
  for (const Vertex* top : tops_) all = all.united(top->obstacle());
  for (const LabelLayer::Label& label : labels_->labels()) all = all.united(label.rect);
  return all;
}

void CanvasScene::rename(const QString& from, const QString& to) {
  if (Vertex* vertex = vertices_.take(from)) {
    vertex->set_id(to);
    vertices_.insert(to, vertex);
  }
  if (LinkLine* link = links_.take(from)) {
    link->set_id(to);
    links_.insert(to, link);
  }
}

void CanvasScene::sync() {
  QHash<QString, Vertex*> old;
  old.swap(vertices_);
  tops_.clear();
  sync_boxes(old);
  sync_nodes(old);
  for (LinkLine* link : std::as_const(links_)) link->leave_ends();
  qDeleteAll(old);
  sync_links();
  apply_states();
  relabel_soon_.start();
  emit rearranged();
}

BoxVertex::Contents CanvasScene::contents_of(const DatacenterItem& item,
                                             const QHash<QString, QStringList>& members) const {
  BoxVertex::Contents contents{.title = item.name, .lan = {}, .hosts = {}, .uplink = false};
  if (const auto rate = model_.property(item.id, QStringLiteral("lan/rate"))) contents.lan = Figures::spaced(*rate);
  for (const QString& host : item.hosts) {
    const Glyph glyph = glyph_of_host(host);
    if (glyph != Glyph::gateway && glyph != Glyph::switch_) contents.hosts.push_back({host, glyph, true});
  }
  for (const QString& id : members.value(item.name)) {
    const NodeItem* node = model_.node(id);
    contents.hosts.push_back({id, glyph_of_kind(node->kind), false});
  }
  return contents;
}

void CanvasScene::sync_boxes(QHash<QString, Vertex*>& old) {
  QHash<QString, QStringList> members;
  for (const NodeItem& node : model_.nodes()) {
    if (!node.datacenter.isEmpty()) members[node.datacenter] << node.id;
  }
  for (const DatacenterItem& item : model_.datacenters()) {
    Vertex* vertex = old.value(item.id);
    if (vertex != nullptr && vertex->is_box()) {
      old.remove(item.id);
    } else {
      vertex = new BoxVertex(item.id, theme_);
      addItem(vertex);
    }
    auto* box = static_cast<BoxVertex*>(vertex);
    box->show(contents_of(item, members));
    box->set_collapsed(positions_.is_collapsed(item.id));
    box->setPos(positions_.of(item.id));
    vertices_.insert(item.id, box);
    tops_.push_back(box);
  }
}

void CanvasScene::sync_nodes(QHash<QString, Vertex*>& old) {
  for (const NodeItem& item : model_.nodes()) {
    if (model_.datacenter(item.datacenter) != nullptr) continue;  // drawn in its box
    Vertex* vertex = old.value(item.id);
    if (vertex != nullptr && !vertex->is_box()) {
      old.remove(item.id);
      static_cast<NodeVertex*>(vertex)->set_glyph(glyph_of_kind(item.kind));
    } else {
      vertex = new NodeVertex(item.id, glyph_of_kind(item.kind), theme_);
      vertex->setZValue(2);
      addItem(vertex);
    }
    vertex->setPos(positions_.of(item.id));
    vertices_.insert(item.id, vertex);
    tops_.push_back(vertex);
  }
}

void CanvasScene::sync_links() {
  QHash<QString, LinkLine*> old;
  old.swap(links_);
  ordered_links_.clear();
  for (const LinkItem& item : model_.links()) {
    LinkLine* line = old.take(item.id);
    if (line == nullptr) {
      line = new LinkLine(item.id, theme_);
      addItem(line);
    }
    line->set_asked(Figures::asked(item, true), Figures::asked(item, false));
    links_.insert(item.id, line);
    ordered_links_.push_back(line);
  }
  label_of_.clear();
  qDeleteAll(old);
  join_links();
}

void CanvasScene::join_links() {
  QHash<QString, NodeVertex*> members;
  for (Vertex* top : tops_) {
    if (!top->is_box()) continue;
    for (const auto& [name, member] : static_cast<BoxVertex*>(top)->members()) members.insert(name, member);
  }
  const auto end_of = [&](const QString& name) -> Vertex* {
    if (Vertex* top = vertices_.value(name)) return top;
    NodeVertex* member = members.value(name);
    if (member == nullptr) return nullptr;
    Vertex* box = top_of(member);
    return static_cast<BoxVertex*>(box)->is_collapsed() ? box : member;
  };
  std::vector<std::pair<Vertex*, Vertex*>> ends;
  std::map<std::pair<Vertex*, Vertex*>, int> lanes;
  const auto sorted = [](Vertex* a, Vertex* b) { return std::less<>()(a, b) ? std::pair(a, b) : std::pair(b, a); };
  for (const LinkLine* line : ordered_links_) {
    const LinkItem* item = model_.link(line->id());
    ends.emplace_back(end_of(item->ends[0]), end_of(item->ends[1]));
    ++lanes[sorted(ends.back().first, ends.back().second)];
  }
  std::map<std::pair<Vertex*, Vertex*>, int> taken;
  for (std::size_t i = 0; i < ordered_links_.size(); ++i) {
    const auto [a, b] = ends[i];
    const auto key = sorted(a, b);
    ordered_links_[i]->join(a, b, taken[key]++, lanes[key]);
    const bool into_box = (a != nullptr && a->parentItem() != nullptr) || (b != nullptr && b->parentItem() != nullptr);
    ordered_links_[i]->setZValue(into_box ? 1 : -1);
  }
}

void CanvasScene::place(const QStringList& ids) {
  for (const QString& id : ids) {
    if (Vertex* top = vertices_.value(id)) {
      top->setPos(positions_.of(id));
      follow(*top);
    }
  }
  relabel_soon_.start();
  emit rearranged();
}

void CanvasScene::preview(const QHash<QString, QPointF>& positions) {
  for (auto at = positions.begin(); at != positions.end(); ++at) {
    Vertex* top = vertices_.value(at.key());
    if (top == nullptr) continue;
    top->setPos(at.value());
    follow(*top);
  }
  relabel_soon_.start();
  emit rearranged();
}

void CanvasScene::follow(const Vertex& top) {
  for (LinkLine* line : ordered_links_) {
    for (int i = 0; i < 2; ++i) {
      const Vertex* end = line->end(i);
      if (end == &top || (end != nullptr && end->parentItem() == &top)) line->follow_ends();
    }
  }
}

void CanvasScene::collapse(const QString& id) {
  Vertex* vertex = vertices_.value(id);
  if (vertex == nullptr || !vertex->is_box()) return;
  static_cast<BoxVertex*>(vertex)->set_collapsed(positions_.is_collapsed(id));
  join_links();
  relabel_soon_.start();
  emit rearranged();
}

void CanvasScene::drawBackground(QPainter* painter, const QRectF& rect) {
  painter->fillRect(rect, theme_.canvas);
  constexpr qreal kGrid = 24;
  const qreal scale = painter->worldTransform().m11();
  if (scale < 0.5) return;
  std::vector<QPointF> dots;
  for (qreal x = std::ceil(rect.left() / kGrid) * kGrid; x < rect.right(); x += kGrid) {
    for (qreal y = std::ceil(rect.top() / kGrid) * kGrid; y < rect.bottom(); y += kGrid) dots.emplace_back(x, y);
  }
  QPen pen(theme_.grid, 2);
  pen.setCosmetic(true);
  pen.setCapStyle(Qt::RoundCap);
  painter->setPen(pen);
  painter->drawPoints(dots.data(), static_cast<int>(dots.size()));
}

}  // namespace geomx::gui

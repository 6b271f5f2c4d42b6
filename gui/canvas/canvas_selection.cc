// What of the scene is selected, and what a search finds.
#include <QSignalBlocker>
#include <algorithm>

#include "gui/canvas/canvas_scene.h"

namespace geomx::gui {

QStringList CanvasScene::selected_ids() const {
  QStringList ids;
  for (const QGraphicsItem* item : selectedItems()) {
    if (item->type() == LinkLine::Type) {
      ids << static_cast<const LinkLine*>(item)->id();
    } else if (item->type() == Vertex::Type) {
      const auto* vertex = static_cast<const Vertex*>(item);
      if (vertex->is_box() || !static_cast<const NodeVertex*>(vertex)->is_brought_along()) ids << vertex->id();
    }
  }
  ids.sort();
  return ids;
}

QStringList CanvasScene::subjects() const {
  QStringList ids = selected_ids();
  for (QGraphicsItem* item : selectedItems()) {
    if (item->type() != Vertex::Type) continue;
    const QString id = top_of(static_cast<Vertex*>(item))->id();
    if (static_cast<Vertex*>(item)->id() != id && model_.node(static_cast<Vertex*>(item)->id()) == nullptr) ids << id;
  }
  ids.sort();
  ids.removeDuplicates();
  return ids;
}

QString CanvasScene::selected_node() const {
  QString node;
  for (const QGraphicsItem* item : selectedItems()) {
    if (item->type() != Vertex::Type) continue;
    if (!node.isEmpty()) return {};
    const auto* vertex = static_cast<const Vertex*>(item);
    node = vertex->is_box() ? vertex->id() + "-gateway" : vertex->id();
  }
  return node;
}

QStringList CanvasScene::selected_tops() const {
  QStringList ids;
  for (const Vertex* top : tops_) {
    if (top->isSelected()) ids << top->id();
  }
  return ids;
}

void CanvasScene::select(const QStringList& ids) {
  {
    const QSignalBlocker quiet(this);
    clearSelection();
    for (const QString& id : ids) {
      if (Vertex* found = vertex(id)) {
        found->setSelected(true);
      } else if (LinkLine* line = link(id)) {
        line->setSelected(true);
      }
    }
  }
  emit selectionChanged();
}

QStringList CanvasScene::search(const QString& text) {
  struct Hit {
    QString id;
    int rank;
    QString name;
  };
  std::vector<Hit> hits;
  const auto look = [&](const QString& id, const QString& name) {
    const qsizetype at = text.isEmpty() ? -1 : name.indexOf(text, 0, Qt::CaseInsensitive);
    if (at >= 0) hits.push_back({id, name.size() == text.size() ? 0 : at == 0 ? 1 : 2, name});
    return at >= 0;
  };
  for (Vertex* top : tops_) {
    top->set_found(look(top->id(), top->id()));
    if (!top->is_box()) continue;
    auto* box = static_cast<BoxVertex*>(top);
    for (const auto& [name, member] : box->members()) member->set_found(look(name, name));
  }
  for (LinkLine* line : ordered_links_) {
    const LinkItem* item = model_.link(line->id());
    line->set_found(look(line->id(), item == nullptr ? QString() : item->name));
  }
  std::stable_sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.rank < b.rank; });
  QStringList ids;
  for (const Hit& hit : hits) ids << hit.id;
  return ids;
}

}  // namespace geomx::gui

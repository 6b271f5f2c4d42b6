#include "gui/canvas/canvas_commands.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMimeData>
#include <cmath>

namespace geomx::gui {

CanvasCommands::CanvasCommands(CanvasScene& scene, QObject* parent) : QObject(parent), scene_(scene) {}

// Rings around `near`, until one has a place that nothing lies on.
QPointF CanvasCommands::free_spot(QPointF near, QSizeF size) const {
  QRectF rect(QPointF(), size + QSizeF(24, 24));
  const auto is_free = [&](QPointF at) {
    rect.moveCenter(at);
    for (const Vertex* top : scene_.tops()) {
      if (top->obstacle().intersects(rect)) return false;
    }
    return true;
  };
  for (int ring = 0; ring < 60; ++ring) {
    const int places = std::max(1, ring * 6);
    for (int i = 0; i < places; ++i) {
      const double angle = 2 * M_PI * i / places;
      const QPointF at = near + QPointF(std::cos(angle), std::sin(angle)) * (ring * 48.0);
      if (is_free(at)) return at;
    }
  }
  return near;
}

QString CanvasCommands::add(ItemKind kind, QPointF at, bool aimed) {
  TopologyModel& model = scene_.model();
  QString id;
  bool in_box = false;
  if (kind == ItemKind::datacenter) {
    id = model.add_datacenter();
  } else {
    QString datacenter;
    for (const Vertex* top : scene_.tops()) {
      if (aimed && top->is_box() && top->obstacle().contains(at)) datacenter = top->id();
    }
    in_box = !datacenter.isEmpty();
    id = model.add_node(kind, {}, datacenter);
  }
  if (id.isEmpty()) {
    emit refused(tr("Nothing can be added while the file is not valid JSON: correct the text first"));
    return id;
  }
  if (!in_box) {
    Vertex* vertex = scene_.vertex(id);
    const QSizeF size = vertex == nullptr ? QSizeF(40, 40) : vertex->body().size();
    if (vertex != nullptr) vertex->setPos(QPointF(1e7, 1e7));  // not in its own way
    scene_.positions().place(id, aimed ? at : free_spot(at, size));
  }
  scene_.select({id});
  emit added(id);
  return id;
}

QString CanvasCommands::connect_vertices(const QString& a, const QString& b) {
  const QString link = scene_.model().connect(a, b);
  if (link.isEmpty()) {
    emit refused(a == b ? tr("A link needs two different ends") : tr("%1 and %2 cannot be joined").arg(a, b));
    return link;
  }
  scene_.select({link});
  emit added(link);
  return link;
}

void CanvasCommands::connect_selected() {
  const QStringList subjects = scene_.subjects();
  QStringList ends;
  for (const QString& id : subjects) {
    const Item* item = scene_.model().find(id);
    if (item != nullptr && item->kind != ItemKind::link) ends << id;
  }
  if (ends.size() < 2) {
    emit refused(
        tr("Select two data centers or nodes first (Shift+click adds to the selection), or drag from a node's rim"));
    return;
  }
  QUndoStack& stack = scene_.model().document().undo_stack();
  if (ends.size() > 2) stack.beginMacro(tr("Join %n things in a chain", nullptr, static_cast<int>(ends.size())));
  QStringList links;
  for (qsizetype i = 1; i < ends.size(); ++i) links << scene_.model().connect(ends[i - 1], ends[i]);
  if (ends.size() > 2) stack.endMacro();
  scene_.select(links);
  if (!links.isEmpty()) emit added(links.last());
}

void CanvasCommands::remove_selected() {
  const QStringList ids = scene_.selected_ids();
  if (!ids.isEmpty()) {
    scene_.model().remove(ids);
  } else if (!scene_.selectedItems().isEmpty()) {
    const QString node = scene_.selected_node();
    emit refused(
        tr("%1 comes with its data center: change the number of hosts, or its part in the training, in the inspector")
            .arg(node.isEmpty() ? tr("This") : node));
  }
}

bool CanvasCommands::copy_selected() {
  const QStringList ids = scene_.selected_ids();
  if (ids.isEmpty()) return false;
  const QByteArray text = scene_.model().copy(ids);
  auto* data = new QMimeData;
  data->setData(TopologyModel::kMimeType, text);
  data->setText(QString::fromUtf8(text));
  QGuiApplication::clipboard()->setMimeData(data);
  return true;
}

void CanvasCommands::cut_selected() {
  if (copy_selected()) remove_selected();
}

bool CanvasCommands::can_paste() const {
  const QMimeData* data = QGuiApplication::clipboard()->mimeData();
  return data != nullptr && (data->hasFormat(TopologyModel::kMimeType) || data->hasText());
}

void CanvasCommands::place_copies(const QMap<QString, QString>& names, QPointF by) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (scene_.model().link(name.value()) != nullptr) continue;
    scene_.positions().place(name.value(), scene_.positions().of(name.key()) + by);
  }
}

void CanvasCommands::paste(QPointF middle) {
  const QMimeData* data = QGuiApplication::clipboard()->mimeData();
  if (data == nullptr) return;
  const QByteArray text =
      data->hasFormat(TopologyModel::kMimeType) ? data->data(TopologyModel::kMimeType) : data->text().toUtf8();
  QMap<QString, QString> names;
  const QStringList ids = scene_.model().paste(text, &names);
  if (ids.isEmpty()) {
    emit refused(tr("The clipboard holds nothing that could be pasted here: copy data centers, nodes or links first"));
    return;
  }
  QRectF old;
  for (const QString& from : names.keys()) {
    const QPointF at = scene_.positions().of(from);
    old = old.united(QRectF(at - QPointF(1, 1), QSizeF(2, 2)));
  }
  place_copies(names, middle - old.center());
  scene_.select(ids);
}

void CanvasCommands::duplicate_selected() {
  QMap<QString, QString> names;
  const QStringList ids = scene_.model().duplicate(scene_.selected_ids(), &names);
  if (ids.isEmpty()) return;
  place_copies(names, QPointF(48, 48));
  scene_.select(ids);
}

void CanvasCommands::align(Alignment alignment) {
  const QStringList ids = scene_.selected_tops();
  const qsizetype least = alignment >= Alignment::spread_across ? 3 : 2;
  if (ids.size() < least) {
    emit refused(least == 3 ? tr("Select three or more things to spread them evenly")
                            : tr("Select two or more things to align them"));
    return;
  }
  std::vector<QRectF> rects;
  for (const QString& id : ids) rects.push_back(scene_.vertex(id)->obstacle());
  const std::vector<QPointF> centers = aligned(alignment, rects);
  QHash<QString, QPointF> positions;
  for (qsizetype i = 0; i < ids.size(); ++i) positions.insert(ids[i], centers[static_cast<std::size_t>(i)]);
  scene_.positions().move(positions, 0, tr("Align %n thing(s)", nullptr, static_cast<int>(ids.size())));
}

void CanvasCommands::nudge(QPointF by) {
  const QStringList ids = scene_.selected_tops();
  if (ids.isEmpty()) return;
  if (ids != nudged_) {
    nudged_ = ids;
    nudge_ = -std::abs(nudge_) - 1;  // drags have positive numbers
  }
  QHash<QString, QPointF> positions;
  for (const QString& id : ids) positions.insert(id, scene_.positions().of(id) + by);
  scene_.positions().move(positions, nudge_);
}

void CanvasCommands::collapse_selected(bool collapsed) {
  for (const QString& id : scene_.subjects()) {
    if (scene_.model().datacenter(id) != nullptr) scene_.positions().set_collapsed(id, collapsed);
  }
}

void CanvasCommands::collapse_all(bool collapsed) {
  for (const DatacenterItem& item : scene_.model().datacenters()) scene_.positions().set_collapsed(item.id, collapsed);
}

void CanvasCommands::arrange(Layout layout) {
  const QStringList ids = scene_.selected_tops();
  scene_.positions().arrange(layout, ids.size() > 1 ? ids : QStringList());
}

}  // namespace geomx::gui

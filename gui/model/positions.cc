#include "gui/model/positions.h"

#include <QUndoCommand>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gui/model/text_layout.h"

namespace geomx::gui {

class Positions::MoveCommand : public QUndoCommand {
 public:
  MoveCommand(Positions& positions, const QString& name, QHash<QString, QPointF> before, QHash<QString, QPointF> after,
              int drag)
      : QUndoCommand(name), positions_(positions), before_(std::move(before)), after_(std::move(after)), drag_(drag) {}

  void redo() override { positions_.take(after_); }
  void undo() override { positions_.take(before_); }
  int id() const override { return drag_ == 0 ? -1 : kMove; }

  bool mergeWith(const QUndoCommand* later) override {
    const auto& move = static_cast<const MoveCommand&>(*later);
    if (&move.positions_ != &positions_ || move.drag_ != drag_ || move.after_.keys() != after_.keys()) return false;
    after_ = move.after_;
    return true;
  }

 private:
  static constexpr int kMove = 1;

  Positions& positions_;
  QHash<QString, QPointF> before_;
  QHash<QString, QPointF> after_;
  int drag_;
};

namespace {

QPointF middle(const QHash<QString, QPointF>& points) {
  QPointF sum;
  for (const QPointF& point : points) sum += point;
  return points.isEmpty() ? sum : sum / static_cast<double>(points.size());
}

std::optional<QPointF> point_of(const Json& value) {
  if (!value.is_array() || value.size() != 2 || !value[0].is_number() || !value[1].is_number()) return std::nullopt;
  return QPointF(value[0].get<double>(), value[1].get<double>());
}

}  // namespace

Positions::Positions(TopologyModel& model, QObject* parent) : QObject(parent), model_(model) {
  connect(&model, &TopologyModel::item_renamed, this, &Positions::rename);
  connect(&model, &TopologyModel::item_added, this, &Positions::fill);
  fill();
}

QPointF Positions::of(const QString& id) const {
  return points_.value(id);
}

QStringList Positions::vertices() const {
  QStringList ids;
  for (const DatacenterItem& item : model_.datacenters()) ids.append(item.id);
  for (const NodeItem& item : model_.nodes()) ids.append(item.id);
  return ids;
}

void Positions::move(const QHash<QString, QPointF>& positions, int drag, const QString& name) {
  QHash<QString, QPointF> before;
  QHash<QString, QPointF> after;
  for (auto position = positions.begin(); position != positions.end(); ++position) {
    if (model_.find(position.key()) == nullptr) continue;
    before.insert(position.key(), of(position.key()));
    after.insert(position.key(), *position);
  }
  if (before == after) return;
  const QString step = !name.isEmpty()     ? name
                       : after.size() == 1 ? tr("Move %1").arg(after.keys().front())
                                           : tr("Move %n items", nullptr, static_cast<int>(after.size()));
  model_.document().undo_stack().push(new MoveCommand(*this, step, std::move(before), std::move(after), drag));
}

void Positions::place(const QString& id, QPointF position) {
  take({{id, position}});
}

void Positions::set_collapsed(const QString& id, bool collapsed) {
  if (collapsed == is_collapsed(id)) return;
  if (collapsed) {
    collapsed_.insert(id);
  } else {
    collapsed_.remove(id);
  }
  emit collapsed_changed(id);
}

void Positions::arrange(Layout layout, const QStringList& ids) {
  const QStringList chosen = ids.isEmpty() ? vertices() : ids;
  const std::vector<QPointF> centers = lay_out(layout, graph(chosen));
  QHash<QString, QPointF> before;
  QHash<QString, QPointF> after;
  for (qsizetype i = 0; i < chosen.size(); ++i) {
    before.insert(chosen[i], of(chosen[i]));
    after.insert(chosen[i], centers[static_cast<std::size_t>(i)]);
  }
  if (!ids.isEmpty()) {
    const QPointF shift = middle(before) - middle(after);
    for (QPointF& point : after) point += shift;
  }
  const QString step = layout == Layout::circle ? tr("Arrange in a circle")
                       : layout == Layout::tree ? tr("Arrange as a tree")
                       : layout == Layout::map  ? tr("Arrange on the map")
                                                : tr("Arrange by forces");
  move(after, 0, step);
}

LayoutGraph Positions::graph(const QStringList& ids) const {
  constexpr QSizeF kDatacenter(200, 140);
  constexpr QSizeF kNode(80, 80);
  LayoutGraph graph;
  QHash<QString, int> index;  // by name, as links have it
  for (const QString& id : ids) {
    const Item* item = model_.find(id);
    LayoutVertex vertex;
    vertex.size = model_.datacenter(id) != nullptr ? kDatacenter : kNode;
    if (size_of_) vertex.size = size_of_(id);
    const auto locate = [&vertex](const auto& located) {
      if (located.latitude && located.longitude) vertex.place = QPointF(*located.longitude, *located.latitude);
    };
    if (model_.datacenter(id) != nullptr) locate(*model_.datacenter(id));
    if (model_.node(id) != nullptr) locate(*model_.node(id));
    if (item != nullptr) index.insert(item->name, static_cast<int>(graph.vertices.size()));
    graph.vertices.push_back(vertex);
  }
  const auto join = [&](const QString& a, const QString& b) {
    if (index.contains(a) && index.contains(b)) graph.edges.emplace_back(index[a], index[b]);
  };
  for (const LinkItem& link : model_.links()) join(link.ends[0], link.ends[1]);
  for (const NodeItem& node : model_.nodes()) join(node.name, node.datacenter);
  return graph;
}

QString Positions::sidecar_of(const QString& scenario_path) {
  constexpr QLatin1String kEnd(".json");
  const QString stem = scenario_path.endsWith(kEnd) ? scenario_path.chopped(kEnd.size()) : scenario_path;
  return stem + QStringLiteral(".layout.json");
}

void Positions::read(const QByteArray& sidecar) {
  points_.clear();
  collapsed_.clear();
  const Json json = Json::parse(sidecar.begin(), sidecar.end(), nullptr, false);
  if (json.is_object()) {
    const auto positions = json.find("positions");
    if (positions != json.end() && positions->is_object()) {
      for (const auto& [id, value] : positions->items()) {
        if (const auto point = point_of(value)) points_.insert(QString::fromStdString(id), *point);
      }
    }
    const auto collapsed = json.find("collapsed");
    if (collapsed != json.end() && collapsed->is_array()) {
      for (const Json& id : *collapsed) {
        if (id.is_string()) collapsed_.insert(QString::fromStdString(id.get<std::string>()));
      }
    }
  }
  fill();
  saved();
  emit moved(vertices());
}

QByteArray Positions::written() const {
  Json positions = Json::object();
  Json collapsed = Json::array();
  for (const QString& id : vertices()) {
    const QPointF point = of(id);
    positions[id.toStdString()] = {std::llround(point.x()), std::llround(point.y())};
    if (is_collapsed(id)) collapsed.push_back(id.toStdString());
  }
  Json json{{"version", 1}, {"positions", std::move(positions)}};
  if (!collapsed.empty()) json["collapsed"] = std::move(collapsed);
  return file_text(json);
}

bool Positions::is_modified() const {
  const QStringList ids = vertices();
  return std::any_of(ids.begin(), ids.end(), [this](const QString& id) {
    return !saved_points_.contains(id) || saved_points_[id] != of(id) ||
           is_collapsed(id) != saved_collapsed_.contains(id);
  });
}

void Positions::saved() {
  saved_points_ = points_;
  saved_collapsed_ = collapsed_;
}

void Positions::take(const QHash<QString, QPointF>& positions) {
  for (auto position = positions.begin(); position != positions.end(); ++position) {
    points_.insert(position.key(), *position);
  }
  emit moved(positions.keys());
}

void Positions::rename(const QString& from, const QString& to) {
  if (points_.contains(from)) points_.insert(to, points_.take(from));
  if (collapsed_.remove(from)) collapsed_.insert(to);
}

void Positions::fill() {
  QStringList missing;
  const QStringList all = vertices();
  for (const QString& id : all) {
    if (!points_.contains(id)) missing.append(id);
  }
  if (missing.isEmpty()) return;
  const LayoutGraph graph = this->graph(all);
  const bool located = std::any_of(graph.vertices.begin(), graph.vertices.end(),
                                   [](const LayoutVertex& vertex) { return vertex.place.has_value(); });
  if (missing.size() == all.size()) {
    const std::vector<QPointF> centers = lay_out(located ? Layout::map : Layout::force, graph);
    for (qsizetype i = 0; i < all.size(); ++i) points_.insert(all[i], centers[static_cast<std::size_t>(i)]);
    return;
  }
  // Newcomers stand below all others, in a row. Who draws them says where instead.
  double left = 1e9;
  double bottom = -1e9;
  for (qsizetype i = 0; i < all.size(); ++i) {
    if (missing.contains(all[i])) continue;
    const QSizeF size = graph.vertices[static_cast<std::size_t>(i)].size;
    left = std::min(left, of(all[i]).x() - size.width() / 2);
    bottom = std::max(bottom, of(all[i]).y() + size.height() / 2);
  }
  constexpr double kGap = 40;
  for (qsizetype i = 0; i < all.size(); ++i) {
    if (!missing.contains(all[i])) continue;
    const QSizeF size = graph.vertices[static_cast<std::size_t>(i)].size;
    points_.insert(all[i], {left + size.width() / 2, bottom + kGap + size.height() / 2});
    left += size.width() + kGap;
  }
}

}  // namespace geomx::gui

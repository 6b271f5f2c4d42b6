#include "gui/model/topology_model.h"

#include <QSet>
#include <algorithm>

#include "gui/model/topology_reading.h"

namespace geomx::gui {
namespace {

// The list of a kind and an index in it: "/topology/links/3", and whatever is below.
const QString kDatacenters = QStringLiteral("/topology/datacenters");
const QString kNodes = QStringLiteral("/topology/nodes");
const QString kLinks = QStringLiteral("/topology/links");
const QString kParties = QStringLiteral("/training/parties");

std::optional<std::size_t> index_in(const QString& pointer, const QString& list) {
  if (!pointer.startsWith(list + QLatin1Char('/'))) return std::nullopt;
  bool is_number = false;
  const int index = pointer.mid(list.size() + 1).section(QLatin1Char('/'), 0, 0).toInt(&is_number);
  if (!is_number || index < 0) return std::nullopt;
  return static_cast<std::size_t>(index);
}

template <class T>
QString id_at(const std::vector<T>& items, const std::optional<std::size_t>& index) {
  return index && *index < items.size() ? items[*index].id : QString();
}

struct Changes {
  std::vector<std::pair<QString, QString>> renamed;
  QStringList added;
  QStringList removed;
  QStringList changed;
};

// Its place in the file is not what an item is.
template <class T>
bool same(T before, const T& after) {
  before.pointer = after.pointer;
  if constexpr (std::is_same_v<T, DatacenterItem>) {
    if (before.party && after.party) before.party->pointer = after.party->pointer;
  }
  return before == after;
}

template <class T>
void compare(const std::vector<T>& before, const std::vector<T>& after, Changes& changes) {
  QHash<QString, const T*> old;
  QSet<QString> fresh;
  for (const T& item : before) old.insert(item.id, &item);
  for (const T& item : after) fresh.insert(item.id);
  QSet<QString> renamed;
  if (before.size() == after.size()) {
    for (std::size_t i = 0; i < after.size(); ++i) {
      const bool moved = before[i].id != after[i].id && !fresh.contains(before[i].id) && !old.contains(after[i].id) &&
                         before[i].kind == after[i].kind;
      if (!moved) continue;
      changes.renamed.emplace_back(before[i].id, after[i].id);
      changes.changed.append(after[i].id);
      renamed.insert(before[i].id);
      renamed.insert(after[i].id);
    }
  }
  for (const T& item : before) {
    if (!fresh.contains(item.id) && !renamed.contains(item.id)) changes.removed.append(item.id);
  }
  for (const T& item : after) {
    if (renamed.contains(item.id)) continue;
    if (!old.contains(item.id)) {
      changes.added.append(item.id);
    } else if (!same(*old[item.id], item)) {
      changes.changed.append(item.id);
    }
  }
}

}  // namespace

TopologyModel::TopologyModel(Document& document, QObject* parent)
    : QObject(parent), document_(document), now_(std::make_unique<TopologyReading>()) {
  connect(&document, &Document::changed, this, &TopologyModel::refresh);
  *now_ = read_topology(document_.json());
  index();
}

TopologyModel::~TopologyModel() = default;

const std::vector<DatacenterItem>& TopologyModel::datacenters() const {
  return now_->datacenters;
}
const std::vector<NodeItem>& TopologyModel::nodes() const {
  return now_->nodes;
}
const std::vector<LinkItem>& TopologyModel::links() const {
  return now_->links;
}

const Item* TopologyModel::find(const QString& id) const {
  return by_id_.value(id, nullptr);
}
const DatacenterItem* TopologyModel::datacenter(const QString& id) const {
  const Item* item = find(id);
  return item != nullptr && item->kind == ItemKind::datacenter ? static_cast<const DatacenterItem*>(item) : nullptr;
}
const NodeItem* TopologyModel::node(const QString& id) const {
  const Item* item = find(id);
  const bool is_node = item != nullptr && item->kind != ItemKind::datacenter && item->kind != ItemKind::link;
  return is_node ? static_cast<const NodeItem*>(item) : nullptr;
}
const LinkItem* TopologyModel::link(const QString& id) const {
  const Item* item = find(id);
  return item != nullptr && item->kind == ItemKind::link ? static_cast<const LinkItem*>(item) : nullptr;
}

QStringList TopologyModel::ids() const {
  QStringList all;
  for (const DatacenterItem& item : datacenters()) all.append(item.id);
  for (const NodeItem& item : nodes()) all.append(item.id);
  for (const LinkItem& item : links()) all.append(item.id);
  return all;
}

QStringList TopologyModel::links_of(const QString& vertex) const {
  QStringList found;
  for (const LinkItem& item : links()) {
    if (item.ends[0] == vertex || item.ends[1] == vertex) found.append(item.id);
  }
  return found;
}

QString TopologyModel::item_at(const QString& pointer) const {
  if (const auto index = index_in(pointer, kDatacenters)) return id_at(datacenters(), index);
  if (const auto index = index_in(pointer, kNodes)) return id_at(nodes(), index);
  if (const auto index = index_in(pointer, kLinks)) return id_at(links(), index);
  if (const auto index = index_in(pointer, kParties)) {
    const QString party = kParties + QLatin1Char('/') + QString::number(*index);
    for (const DatacenterItem& item : datacenters()) {
      if (item.party && item.party->pointer == party) return item.id;
    }
  }
  return {};
}

Problems TopologyModel::problems_of(const QString& id) const {
  Problems of_item;
  for (const Problem& problem : document_.problems()) {
    if (item_at(problem.pointer) == id) of_item.append(problem);
  }
  return of_item;
}

QString TopologyModel::link_id(const QString& name) {
  return QStringLiteral("link:") + name;
}

void TopologyModel::index() {
  by_id_.clear();
  for (const DatacenterItem& item : datacenters()) by_id_.insert(item.id, &item);
  for (const NodeItem& item : nodes()) by_id_.insert(item.id, &item);
  for (const LinkItem& item : links()) by_id_.insert(item.id, &item);
}

void TopologyModel::refresh() {
  const std::unique_ptr<TopologyReading> before = std::move(now_);
  now_ = std::make_unique<TopologyReading>(read_topology(document_.json()));
  index();
  Changes changes;
  compare(before->datacenters, datacenters(), changes);
  compare(before->nodes, nodes(), changes);
  compare(before->links, links(), changes);
  for (const auto& [from, to] : changes.renamed) emit item_renamed(from, to);
  for (const QString& id : changes.removed) emit item_removed(id);
  for (const QString& id : changes.added) emit item_added(id);
  for (const QString& id : changes.changed) emit item_changed(id);
  emit changed();
}

}  // namespace geomx::gui

// Drawing: what is added, joined, removed and renamed.
#include <QSet>
#include <algorithm>
#include <set>

#include "emulator/scenario/names.h"
#include "gui/model/free_name.h"
#include "gui/model/references.h"
#include "gui/model/topology_model.h"

namespace geomx::gui {
namespace {

const QString kDatacenters = QStringLiteral("/topology/datacenters");
const QString kNodes = QStringLiteral("/topology/nodes");
const QString kLinks = QStringLiteral("/topology/links");

QString kind_key(ItemKind kind) {
  switch (kind) {
    case ItemKind::router:
      return QStringLiteral("router");
    case ItemKind::switch_:
      return QStringLiteral("switch");
    default:
      return QStringLiteral("host");
  }
}

QString member(const char* key, const QString& json) {
  return QStringLiteral("\"%1\": %2").arg(QLatin1String(key), json);
}

QString object(const QStringList& members) {
  return QLatin1Char('{') + members.join(QStringLiteral(", ")) + QLatin1Char('}');
}

// Without those at the indices that are in `gone`.
template <class T>
void erase(std::vector<T>& elements, const std::set<std::size_t>& gone) {
  for (auto index = gone.rbegin(); index != gone.rend(); ++index) {
    elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(*index));
  }
}

template <class T>
std::set<std::size_t> indices(const std::vector<T>& items, const QSet<QString>& ids) {
  std::set<std::size_t> found;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (ids.contains(items[i].id)) found.insert(i);
  }
  return found;
}

}  // namespace

QSet<QString> TopologyModel::vertex_names() const {
  QSet<QString> taken;
  for (const DatacenterItem& item : datacenters()) taken.insert(item.name);
  for (const NodeItem& item : nodes()) taken.insert(item.name);
  for (const std::string& name : scenario::node_names(now_->skeleton)) taken.insert(QString::fromStdString(name));
  return taken;
}

QSet<QString> TopologyModel::link_names() const {
  QSet<QString> taken;
  for (const LinkItem& item : links()) taken.insert(item.name);
  return taken;
}

QString TopologyModel::described(const QStringList& ids) const {
  if (ids.size() == 1) return find(ids[0]) != nullptr ? find(ids[0])->name : ids[0];
  const bool all_links = std::all_of(ids.begin(), ids.end(), [this](const QString& id) { return link(id) != nullptr; });
  return all_links ? tr("%n links", nullptr, static_cast<int>(ids.size()))
                   : tr("%n items", nullptr, static_cast<int>(ids.size()));
}

QString TopologyModel::add_datacenter(const QString& name) {
  if (document_.json() == nullptr) return {};
  const QString free = free_name(name.isEmpty() ? QStringLiteral("dc1") : name, vertex_names());
  document_.edit(tr("Add data center %1").arg(free),
                 {Edit::insert(kDatacenters, -1, {object({member("name", quoted(free))})})});
  return free;
}

QString TopologyModel::add_node(ItemKind kind, const QString& name, const QString& datacenter) {
  if (document_.json() == nullptr) return {};
  const QString free = free_name(name.isEmpty() ? kind_key(kind) + QLatin1Char('1') : name, vertex_names());
  QStringList members{member("name", quoted(free)), member("kind", quoted(kind_key(kind)))};
  if (!datacenter.isEmpty()) members.append(member("datacenter", quoted(datacenter)));
  const QString step = kind == ItemKind::router    ? tr("Add router %1")
                       : kind == ItemKind::switch_ ? tr("Add switch %1")
                                                   : tr("Add host %1");
  document_.edit(step.arg(free), {Edit::insert(kNodes, -1, {object(members)})});
  return free;
}

QString TopologyModel::connect(const QString& a, const QString& b, const QMap<QString, QString>& properties) {
  const bool both_there = find(a) != nullptr && find(b) != nullptr && link(a) == nullptr && link(b) == nullptr;
  if (document_.json() == nullptr || a == b || !both_there) return {};
  const QString one = find(a)->name;
  const QString other = find(b)->name;
  const QString by_default = one + QStringLiteral("--") + other;
  const QString name = free_link_name(one, other, link_names());
  QStringList members;
  if (name != by_default) members.append(member("name", quoted(name)));
  members.append(member("ends", QStringLiteral("[%1, %2]").arg(quoted(one), quoted(other))));
  for (auto property = properties.begin(); property != properties.end(); ++property) {
    members.append(member(property.key().toUtf8().constData(), *property));
  }
  document_.edit(tr("Connect %1 and %2").arg(one, other), {Edit::insert(kLinks, -1, {object(members)})});
  return link_id(name);
}

void TopologyModel::remove(const QStringList& ids) {
  if (document_.json() == nullptr) return;
  QSet<QString> gone;
  for (const QString& id : ids) {
    if (find(id) == nullptr) continue;
    gone.insert(id);
    if (link(id) != nullptr) continue;
    for (const QString& joined : links_of(find(id)->name)) gone.insert(joined);
  }
  if (gone.isEmpty()) return;

  scenario::Scenario after = now_->skeleton;
  const std::set<std::size_t> datacenters_gone = indices(datacenters(), gone);
  erase(after.topology.datacenters, datacenters_gone);
  erase(after.topology.nodes, indices(nodes(), gone));
  erase(after.topology.links, indices(links(), gone));
  if (after.training) {
    std::erase_if(after.training->parties, [&](const scenario::Party& party) {
      return std::any_of(datacenters_gone.begin(), datacenters_gone.end(),
                         [&](std::size_t i) { return datacenters()[i].name.toStdString() == party.datacenter; });
    });
  }
  QStringList pointers = mentions(*document_.json(), losses(now_->skeleton, after));
  for (const QString& id : gone) pointers.append(find(id)->pointer);
  document_.edit(tr("Remove %1").arg(described(ids)), {Edit::remove(pointers)});
}

std::optional<Problem> TopologyModel::rename(const QString& id, const QString& name) {
  const Item* item = find(id);
  if (document_.json() == nullptr || item == nullptr || item->name == name) return std::nullopt;
  scenario::Scenario after = now_->skeleton;
  const std::string old = item->name.toStdString();
  const auto index = static_cast<std::size_t>(key_of(item->pointer).toInt());
  if (item->kind == ItemKind::link) {
    after.topology.links[index].name = name.toStdString();
  } else {
    const auto follow_name = [&](std::string& other) {
      if (other == old) other = name.toStdString();
    };
    if (item->kind == ItemKind::datacenter) {
      after.topology.datacenters[index].name = name.toStdString();
    } else {
      after.topology.nodes[index].name = name.toStdString();
    }
    for (scenario::Node& node : after.topology.nodes) {
      if (node.datacenter) follow_name(*node.datacenter);
    }
    for (std::size_t i = 0; i < links().size(); ++i) {
      scenario::Link& link = after.topology.links[i];
      const bool called_after_ends =
          document_.json()->find(child(links()[i].pointer, QStringLiteral("name"))) == nullptr;
      for (std::string& end : link.ends) follow_name(end);
      if (called_after_ends) link.name = link.ends[0] + "--" + link.ends[1];
    }
    if (after.training) {
      for (scenario::Party& party : after.training->parties) follow_name(party.datacenter);
    }
  }
  Edits edits{Edit::set(child(item->pointer, QStringLiteral("name")), quoted(name))};
  const Edits following = follow(*document_.json(), renames(now_->skeleton, after));
  edits.insert(edits.end(), following.begin(), following.end());
  return document_.try_edit(tr("Rename %1 to %2").arg(item->name, name), edits, {QString()});
}

}  // namespace geomx::gui

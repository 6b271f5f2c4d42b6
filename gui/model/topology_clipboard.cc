// Copying, pasting, duplicating: data centers, nodes and links as JSON, with the parts that they have in the training.
#include <QSet>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "gui/model/free_name.h"
#include "gui/model/text_layout.h"
#include "gui/model/topology_model.h"
#include "gui/model/topology_reading.h"

namespace geomx::gui {
namespace {

constexpr const char* kMark = "geomx-topology";
constexpr int kVersion = 1;

QString text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? QString::fromStdString(found->get<std::string>()) : QString();
}

const Json& list(const Json& copied, const char* key) {
  static const Json kNone = Json::array();
  const auto found = copied.find(key);
  return found != copied.end() && found->is_array() ? *found : kNone;
}

void set(Json& object, const char* key, const QString& value) {
  object[key] = value.toStdString();
}

QString written(const Json& element) {
  return QString::fromStdString(element.dump());
}

// What becomes of the copy's names in a document where `vertices` and `links` are taken.
class Newcomers {
 public:
  Newcomers(QSet<QString> vertices, QSet<QString> links) : vertices_(std::move(vertices)), links_(std::move(links)) {}

  // Copies of data centers or nodes, for their list.
  QStringList vertices(const Json& elements) {
    QStringList copies;
    for (Json element : elements) {
      const QString old = text(element, "name");
      if (old.isEmpty()) continue;
      const QString name = free_name(old, vertices_);
      vertices_.insert(name);
      names_.insert(old, name);
      set(element, "name", name);
      if (const QString home = text(element, "datacenter"); names_.contains(home)) {
        set(element, "datacenter", names_[home]);
      }
      copies.append(written(element));
      add(old, name);
    }
    return copies;
  }

  // Those whose ends are there: among the newcomers, or in the document already.
  QStringList links(const Json& elements) {
    QStringList copies;
    for (Json element : elements) {
      if (!element.is_object() || list(element, "ends").size() != 2) continue;
      QString old_ends[2];
      QString ends[2];
      for (std::size_t i = 0; i < 2; ++i) {
        const Json& end = element["ends"][i];
        old_ends[i] = end.is_string() ? QString::fromStdString(end.get<std::string>()) : QString();
        ends[i] = names_.value(old_ends[i], old_ends[i]);
        element["ends"][i] = ends[i].toStdString();
      }
      if (!vertices_.contains(ends[0]) || !vertices_.contains(ends[1])) continue;
      const QString by_default = ends[0] + QStringLiteral("--") + ends[1];
      const QString given = text(element, "name");
      const QString name = given.isEmpty() ? free_link_name(ends[0], ends[1], links_) : free_name(given, links_);
      links_.insert(name);
      element.erase("name");
      Json copy = name == by_default && given.isEmpty() ? Json::object() : Json{{"name", name.toStdString()}};
      copy.update(element);
      copies.append(written(copy));
      const QString old = given.isEmpty() ? old_ends[0] + QStringLiteral("--") + old_ends[1] : given;
      add(TopologyModel::link_id(old), TopologyModel::link_id(name));
    }
    return copies;
  }

  QStringList parties(const Json& elements, bool has_central) const {
    QStringList copies;
    for (Json party : elements) {
      const QString home = names_.value(text(party, "datacenter"));
      if (home.isEmpty()) continue;
      set(party, "datacenter", home);
      if (has_central) party.erase("global_servers");  // there is one central party
      copies.append(written(party));
    }
    return copies;
  }

  const QStringList& ids() const { return ids_; }                    // new ones, in order
  const QMap<QString, QString>& renamed() const { return by_old_; }  // old id -> new id

 private:
  void add(const QString& old, const QString& fresh) {
    ids_.append(fresh);
    by_old_.insert(old, fresh);
  }

  QSet<QString> vertices_;
  QSet<QString> links_;
  QHash<QString, QString> names_;
  QStringList ids_;
  QMap<QString, QString> by_old_;
};

}  // namespace

QByteArray TopologyModel::copy(const QStringList& ids) const {
  Json copied{{kMark, kVersion},
              {"datacenters", Json::array()},
              {"nodes", Json::array()},
              {"links", Json::array()},
              {"parties", Json::array()}};
  const QSet<QString> chosen(ids.begin(), ids.end());
  QSet<QString> names;
  for (const DatacenterItem& item : datacenters()) {
    if (!chosen.contains(item.id)) continue;
    names.insert(item.name);
    copied["datacenters"].push_back(Json::parse(item.text.toStdString()));
    if (item.party) copied["parties"].push_back(*document_.value(item.party->pointer));
  }
  for (const NodeItem& item : nodes()) {
    if (!chosen.contains(item.id)) continue;
    names.insert(item.name);
    copied["nodes"].push_back(Json::parse(item.text.toStdString()));
  }
  for (const LinkItem& item : links()) {
    const bool between = names.contains(item.ends[0]) && names.contains(item.ends[1]);
    if (chosen.contains(item.id) || between) copied["links"].push_back(Json::parse(item.text.toStdString()));
  }
  return file_text(copied);
}

QStringList TopologyModel::paste(const QByteArray& copied, QMap<QString, QString>* names) {
  const Json json = Json::parse(copied.begin(), copied.end(), nullptr, false);
  if (document_.json() == nullptr || !json.is_object() || json.value(kMark, 0) != kVersion) return {};
  Newcomers newcomers(vertex_names(), link_names());
  Edits edits;
  const auto insert = [&edits](const char* pointer, const QStringList& elements) {
    if (!elements.isEmpty()) edits.push_back(Edit::insert(QLatin1String(pointer), -1, elements));
  };
  insert("/topology/datacenters", newcomers.vertices(list(json, "datacenters")));
  insert("/topology/nodes", newcomers.vertices(list(json, "nodes")));
  insert("/topology/links", newcomers.links(list(json, "links")));
  if (document_.json()->find(QStringLiteral("/training/parties")) != nullptr) {
    const bool has_central = std::any_of(datacenters().begin(), datacenters().end(), [](const DatacenterItem& item) {
      return item.party && item.party->global_servers > 0;
    });
    insert("/training/parties", newcomers.parties(list(json, "parties"), has_central));
  }
  if (names != nullptr) *names = newcomers.renamed();
  const QStringList ids = newcomers.ids();
  if (!edits.empty()) document_.edit(tr("Paste %n items", nullptr, static_cast<int>(ids.size())), edits);
  return ids;
}

QStringList TopologyModel::duplicate(const QStringList& ids, QMap<QString, QString>* names) {
  return paste(copy(ids), names);
}

}  // namespace geomx::gui

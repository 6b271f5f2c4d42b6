#pragma once

#include <QHash>
#include <QMap>
#include <QObject>
#include <QSet>
#include <QStringList>
#include <memory>
#include <optional>
#include <vector>

#include "gui/model/document.h"

namespace geomx::gui {

struct TopologyReading;  // topology_reading.h

enum class ItemKind { datacenter, host, router, switch_, link };

// What a training job has in a data center.
struct PartyItem {
  QString pointer;  // "/training/parties/1"
  int global_servers = 0;
  int servers = 1;
  int workers = 0;
  bool operator==(const PartyItem&) const = default;
};

// One thing of the topology as the text has it, as far as that can be read. `id` is what the editor calls it: the name
// of a data center or node; a link's is link_id(name). Where names are missing or taken twice, "?" and a number follow.
struct Item {
  QString id;
  QString name;
  QString pointer;  // "/topology/links/0"
  ItemKind kind = ItemKind::host;
  QByteArray text;  // as the file has it
  bool operator==(const Item&) const = default;
};

struct DatacenterItem : Item {
  QStringList hosts;  // the names of the nodes that it brings with it, gateway first, then roles and plain hosts
  std::optional<PartyItem> party;
  std::optional<double> latitude;  // degrees
  std::optional<double> longitude;
  bool operator==(const DatacenterItem&) const = default;
};

struct NodeItem : Item {
  QString datacenter;  // on whose LAN it is; empty: none
  std::optional<double> latitude;
  std::optional<double> longitude;
  bool operator==(const NodeItem&) const = default;
};

// A direction's properties as they are typed, by key: "rate" -> "100Mbit". Those of objects are JSON.
using PropertyTexts = QMap<QString, QString>;

struct LinkItem : Item {
  QString ends[2];         // names, which need not exist
  PropertyTexts common;    // of both directions
  PropertyTexts forward;   // overrides from ends[0] to ends[1]
  PropertyTexts backward;  // and the other way
  // What holds in a direction, with a preset's figures where they are not overridden. Empty: unshaped.
  QString effective(const QString& key, bool forward_direction) const;
  bool operator==(const LinkItem&) const = default;
};

// The topology and the job of a document, as things with names: what there is, and the operations that a person thinks
// in. Each operation is one step of the document's undo stack; those that fail throw nothing and say why. It works on
// documents with errors as far as they can be read, and does nothing while the text is not JSON. For the GUI's thread.
class TopologyModel : public QObject {
  Q_OBJECT

 public:
  explicit TopologyModel(Document& document, QObject* parent = nullptr);
  ~TopologyModel() override;

  Document& document() const { return document_; }

  // --- What there is, in the file's order. References are valid until the next change.
  const std::vector<DatacenterItem>& datacenters() const;
  const std::vector<NodeItem>& nodes() const;
  const std::vector<LinkItem>& links() const;
  const Item* find(const QString& id) const;  // null: there is none
  const DatacenterItem* datacenter(const QString& id) const;
  const NodeItem* node(const QString& id) const;
  const LinkItem* link(const QString& id) const;
  QStringList ids() const;                            // data centers, nodes, links
  QStringList links_of(const QString& vertex) const;  // ids of the links that end at a data center or node
  // The item that a pointer leads into, also through training.parties; empty: none. For problems and the text.
  QString item_at(const QString& pointer) const;
  Problems problems_of(const QString& id) const;
  static QString link_id(const QString& name);  // "link:wan-a"

  // --- Operations. A name that is left out is the next free one: "dc1", "router2", "a--b".
  // They return the new item's id; empty where the text is not JSON.
  QString add_datacenter(const QString& name = {});
  QString add_node(ItemKind kind, const QString& name = {}, const QString& datacenter = {});
  // Joins two data centers or nodes; empty where they are the same or not there. `properties`: {"rate": "\"1Gbit\""}.
  using QObject::connect;
  QString connect(const QString& a, const QString& b, const QMap<QString, QString>& properties = {});

  // With the links that end there, their parties, and the events, expectations and commands that name them.
  void remove(const QStringList& ids);

  // References follow: ends of links, members, parties, commands, events, expectations, stragglers. A problem: the name
  // cannot be one, or is taken.
  std::optional<Problem> rename(const QString& id, const QString& name);

  // As JSON text, for the clipboard under kMimeType and as plain text; with the links among them.
  static constexpr const char* kMimeType = "application/x-geomx-topology+json";
  QByteArray copy(const QStringList& ids) const;
  // Under new names where theirs are taken. Returns the new ids in the order of the copy, and in `names` old -> new
  // ids; empty where the text is not what copy() makes.
  QStringList paste(const QByteArray& copied, QMap<QString, QString>* names = nullptr);
  QStringList duplicate(const QStringList& ids, QMap<QString, QString>* names = nullptr);

  // --- Properties. `path` leads down from the item or section: "rate", "forward/rate", "lan/delay". `json` is its new
  // value as JSON text (as_json() makes it out of what was typed); empty takes it away. What says the same in another
  // way goes with it: a rate a trace's place, epochs rounds', a link's own property its directions'.

  // Of many items of one kind at once. A problem, of the first that cannot have the value: nothing was changed.
  std::optional<Problem> set_property(const QStringList& ids, const QString& path, const QString& json);
  std::optional<Problem> judge_property(const QStringList& ids, const QString& path, const QString& json) const;
  // Of links: they get the preset, and lose what would override its figures. "": the preset goes.
  std::optional<Problem> set_preset(const QStringList& links, const QString& preset);
  // The value as typed; nothing: none of its own. For a link's path without direction: that of both.
  std::optional<QString> property(const QString& id, const QString& path) const;

  // Of the document: "/seed", "/training/optimizer/learning_rate", "/events/0/at", "/topology/routing".
  std::optional<Problem> set_value(const QString& pointer, const QString& json);
  std::optional<Problem> judge_value(const QString& pointer, const QString& json) const;

  // A data center's part in the training job, which is begun with it where there is none; no party: it leaves it. A
  // data center with global servers is the central one.
  std::optional<Problem> set_party(const QString& datacenter, const std::optional<PartyItem>& party);
  void add_training();  // with the data centers there are: the first one central, two workers in each other
  void remove_training();

  // Elements of the lists "/events", "/expect", "/workload", which are made where they are missing: index of the new
  // one, -1 where the text is not JSON.
  int append(const QString& list, const QString& json);
  void remove_element(const QString& list, int index);
  void move_element(const QString& list, int from, int to);

 signals:
  // After a change of the document, and before changed(). An item whose name alone has changed is renamed, and not
  // removed and added.
  void item_added(const QString& id);
  void item_removed(const QString& id);
  void item_renamed(const QString& from, const QString& to);
  void item_changed(const QString& id);
  void changed();

 private:
  void refresh();
  void index();
  QSet<QString> vertex_names() const;
  QSet<QString> link_names() const;
  QString described(const QStringList& ids) const;  // "wan-a", "3 links"
  Edits property_edits(const QString& id, const QString& path, const QString& json) const;
  Edits value_edits(const QString& pointer, const QString& json) const;
  QString property_step(const QStringList& ids, const QString& path, const QString& json) const;

  Document& document_;
  std::unique_ptr<TopologyReading> now_;
  QHash<QString, const Item*> by_id_;
};

}  // namespace geomx::gui

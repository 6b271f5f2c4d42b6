// What the inspector sets: properties of items, parts in the training job, values of the document, elements of its
// lists.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "emulator/scenario/presets.h"
#include "gui/model/topology_model.h"
#include "gui/model/topology_reading.h"

namespace geomx::gui {
namespace {

const QString kForward = QStringLiteral("forward");
const QString kBackward = QStringLiteral("backward");
const QString kParties = QStringLiteral("/training/parties");

// What says the same in another way, in the same object; empty: nothing does.
QString rival_of(const QString& key) {
  static const QMap<QString, QString> kRivals{{"rate", "trace"},
                                              {"trace", "rate"},
                                              {"loss", "gilbert_elliott"},
                                              {"gilbert_elliott", "loss"},
                                              {"epochs", "rounds"},
                                              {"rounds", "epochs"},
                                              {"split", "split_by_class"},
                                              {"split_by_class", "split"},
                                              {"file", "table"},
                                              {"table", "file"},
                                              {"link", "node"},
                                              {"node", "link"}};
  return kRivals.value(key);
}

// Would a link's own property hide one of the preset's figures?
bool overrides(const scenario::Preset& preset, const QString& key) {
  const QString rival = rival_of(key);
  const auto decides = [&](const QString& figure) {
    return !figure.isEmpty() && (!figure_of(preset.down, figure).isEmpty() || !figure_of(preset.up, figure).isEmpty());
  };
  return decides(key) || decides(rival);
}

QString below(const QString& pointer, const QString& path) {
  return pointer + QLatin1Char('/') + path;
}

// Takes members away, and the objects around them that they leave empty, as far up as `top`.
QStringList with_empty_parents(const JsonText& json, QStringList pointers, const QString& top) {
  for (bool again = true; again;) {
    again = false;
    for (const QString& pointer : pointers) {
      const QString up = parent_of(pointer);
      const JsonNode* parent = json.find(up);
      if (up == top || parent == nullptr || parent->kind != JsonNode::Kind::object || pointers.contains(up)) continue;
      const bool all = std::all_of(parent->children.begin(), parent->children.end(),
                                   [&](const JsonNode& member) { return pointers.contains(child(up, member.name)); });
      if (!all) continue;
      pointers.append(up);
      again = true;
      break;
    }
  }
  return pointers;
}

}  // namespace

Edits TopologyModel::property_edits(const QString& id, const QString& path, const QString& json) const {
  const QString pointer = find(id)->pointer;
  const JsonText& text = *document_.json();
  QStringList gone;
  const auto take_away = [&](const QString& at) {
    if (text.find(at) != nullptr) gone.append(at);
  };
  const QString at = below(pointer, path);
  const QString rival = rival_of(key_of(at));
  const bool of_both = link(id) != nullptr && !path.contains(QLatin1Char('/'));
  for (const QString& direction : {kForward, kBackward}) {
    if (!of_both) break;
    take_away(below(pointer, direction + QLatin1Char('/') + path));
    if (!rival.isEmpty()) take_away(below(pointer, direction + QLatin1Char('/') + rival));
  }
  if (!rival.isEmpty()) take_away(child(parent_of(at), rival));
  if (json.isEmpty()) take_away(at);
  Edits edits;
  if (!json.isEmpty()) edits.push_back(Edit::set(at, json));
  const QString kept = json.isEmpty() ? pointer : parent_of(at);
  gone = with_empty_parents(text, gone, pointer);
  gone.removeAll(kept);
  if (!gone.isEmpty()) edits.push_back(Edit::remove(gone));
  return edits;
}

QString TopologyModel::property_step(const QStringList& ids, const QString& path, const QString& json) const {
  QString what = path;
  what.replace(QLatin1Char('/'), QLatin1Char(' '));
  const QString whose = described(ids);
  return json.isEmpty() ? tr("Remove %1 of %2").arg(what, whose)
                        : tr("Set %1 of %2 to %3").arg(what, whose, as_typed(json));
}

std::optional<Problem> TopologyModel::set_property(const QStringList& ids, const QString& path, const QString& json) {
  if (document_.json() == nullptr) return std::nullopt;
  Edits edits;
  QStringList judged;
  for (const QString& id : ids) {
    if (find(id) == nullptr) continue;
    for (Edit& edit : property_edits(id, path, json)) edits.push_back(std::move(edit));
    judged.append(find(id)->pointer);
  }
  return document_.try_edit(property_step(ids, path, json), edits, judged);
}

std::optional<Problem> TopologyModel::judge_property(const QStringList& ids, const QString& path,
                                                     const QString& json) const {
  if (document_.json() == nullptr) return std::nullopt;
  Edits edits;
  QStringList judged;
  for (const QString& id : ids) {
    if (find(id) == nullptr) continue;
    for (Edit& edit : property_edits(id, path, json)) edits.push_back(std::move(edit));
    judged.append(find(id)->pointer);
  }
  return document_.judge(edits, judged);
}

std::optional<Problem> TopologyModel::set_preset(const QStringList& ids, const QString& preset) {
  if (document_.json() == nullptr) return std::nullopt;
  const scenario::Preset* figures = scenario::find_preset(preset.toStdString());
  Edits edits;
  QStringList judged;
  for (const QString& id : ids) {
    if (link(id) == nullptr) continue;
    const QString pointer = find(id)->pointer;
    QStringList gone;
    for (const QString& place : {pointer, child(pointer, kForward), child(pointer, kBackward)}) {
      const JsonNode* object = document_.json()->find(place);
      if (object == nullptr) continue;
      for (const JsonNode& member : object->children) {
        if (figures != nullptr && overrides(*figures, member.name)) gone.append(child(place, member.name));
        const bool is_preset = member.name == QLatin1String("preset");
        if (is_preset && (preset.isEmpty() || place != pointer)) gone.append(child(place, member.name));
      }
    }
    if (!preset.isEmpty()) edits.push_back(Edit::set(child(pointer, QStringLiteral("preset")), quoted(preset)));
    if (!gone.isEmpty()) edits.push_back(Edit::remove(with_empty_parents(*document_.json(), gone, pointer)));
    judged.append(pointer);
  }
  const QString step = preset.isEmpty() ? tr("Remove preset of %1").arg(described(ids))
                                        : tr("Make %1 a link of kind %2").arg(described(ids), preset);
  return document_.try_edit(step, edits, judged);
}

std::optional<QString> TopologyModel::property(const QString& id, const QString& path) const {
  const Item* item = find(id);
  return item == nullptr ? std::nullopt : document_.typed(below(item->pointer, path));
}

Edits TopologyModel::value_edits(const QString& pointer, const QString& json) const {
  const QStringList keys = segments(pointer);
  // Sections, and elements of lists, stay even if they are left empty.
  QString top = keys.isEmpty() ? QString() : child(QString(), keys[0]);
  if (keys.size() > 2 && document_.json()->find(top) != nullptr &&
      document_.json()->find(top)->kind == JsonNode::Kind::array) {
    top = child(top, keys[1]);
  }
  QStringList gone;
  const QString rival = rival_of(key_of(pointer));
  const QString other = rival.isEmpty() ? QString() : child(parent_of(pointer), rival);
  if (!other.isEmpty() && document_.json()->find(other) != nullptr) gone.append(other);
  if (!json.isEmpty()) {
    Edits edits{Edit::set(pointer, json)};
    if (!gone.isEmpty()) edits.push_back(Edit::remove(gone));
    return edits;
  }
  if (document_.json()->find(pointer) == nullptr) return {};
  return {Edit::remove(with_empty_parents(*document_.json(), {pointer}, top))};
}

std::optional<Problem> TopologyModel::set_value(const QString& pointer, const QString& json) {
  if (document_.json() == nullptr) return std::nullopt;
  QString what = pointer.mid(1);
  what.replace(QLatin1Char('/'), QLatin1Char(' '));
  const QString step = json.isEmpty() ? tr("Remove %1").arg(what) : tr("Set %1 to %2").arg(what, as_typed(json));
  return document_.try_edit(step, value_edits(pointer, json), {pointer});
}

std::optional<Problem> TopologyModel::judge_value(const QString& pointer, const QString& json) const {
  if (document_.json() == nullptr) return std::nullopt;
  return document_.judge(value_edits(pointer, json), {pointer});
}

std::optional<Problem> TopologyModel::set_party(const QString& id, const std::optional<PartyItem>& party) {
  const DatacenterItem* item = datacenter(id);
  if (document_.json() == nullptr || item == nullptr) return std::nullopt;
  if (!party) {
    if (!item->party) return std::nullopt;
    return document_.try_edit(tr("Take %1 out of the training").arg(item->name), {Edit::remove({item->party->pointer})},
                              {item->pointer});
  }
  const PartyItem was = item->party.value_or(PartyItem{});
  const QString step = tr("Set the part of %1 in the training").arg(item->name);
  // Its numbers alone: whether the parties make a job together is known once all have theirs.
  const auto numbers_of = [](const QString& pointer) {
    return QStringList{child(pointer, QStringLiteral("global_servers")), child(pointer, QStringLiteral("servers")),
                       child(pointer, QStringLiteral("workers"))};
  };
  if (!item->party) {
    Json fresh{{"datacenter", item->name.toStdString()}};
    if (party->global_servers > 0) fresh["global_servers"] = party->global_servers;
    if (party->servers != 1 || party->global_servers == 0) fresh["servers"] = party->servers;
    if (party->workers > 0) fresh["workers"] = party->workers;
    const std::size_t index = now_->skeleton.training ? now_->skeleton.training->parties.size() : 0;
    return document_.try_edit(step, {Edit::insert(kParties, -1, {QString::fromStdString(fresh.dump())})},
                              numbers_of(child(kParties, static_cast<qsizetype>(index))));
  }
  Edits edits;
  const auto set = [&](const char* key, int before, int now, int by_default) {
    const QString at = child(was.pointer, QLatin1String(key));
    if (before == now) return;
    if (now == by_default) {
      edits.push_back(Edit::remove({at}));
    } else {
      edits.push_back(Edit::set(at, QString::number(now)));
    }
  };
  set("global_servers", was.global_servers, party->global_servers, 0);
  set("servers", was.servers, party->servers, 1);
  set("workers", was.workers, party->workers, 0);
  return document_.try_edit(step, edits, numbers_of(was.pointer));
}

void TopologyModel::add_training() {
  if (document_.json() == nullptr || document_.json()->find(QStringLiteral("/training")) != nullptr) return;
  Json parties = Json::array();
  for (const DatacenterItem& item : datacenters()) {
    Json party{{"datacenter", item.name.toStdString()}};
    if (parties.empty()) party["global_servers"] = 1;
    if (!parties.empty() || datacenters().size() == 1) party["workers"] = 2;
    parties.push_back(std::move(party));
  }
  const Json training{{"parties", std::move(parties)}, {"model", "cnn"}, {"dataset", "fashion-mnist"}};
  document_.edit(tr("Add a training job"),
                 {Edit::set(QStringLiteral("/training"), QString::fromStdString(training.dump()))});
}

void TopologyModel::remove_training() {
  if (document_.json() == nullptr) return;
  document_.edit(tr("Remove the training job"), {Edit::remove({QStringLiteral("/training")})});
}

namespace {

int size_of(const JsonText& json, const QString& list) {
  const JsonNode* node = json.find(list);
  return node == nullptr ? 0 : static_cast<int>(node->children.size());
}

}  // namespace

int TopologyModel::append(const QString& list, const QString& json) {
  if (document_.json() == nullptr) return -1;
  const int index = size_of(*document_.json(), list);
  document_.edit(tr("Add to %1").arg(key_of(list)), {Edit::insert(list, -1, {json})});
  return index;
}

void TopologyModel::remove_element(const QString& list, int index) {
  if (document_.json() == nullptr || index < 0 || index >= size_of(*document_.json(), list)) return;
  // An empty list says nothing.
  const bool is_last = size_of(*document_.json(), list) == 1;
  document_.edit(tr("Remove from %1").arg(key_of(list)), {Edit::remove({is_last ? list : child(list, index)})});
}

void TopologyModel::move_element(const QString& list, int from, int to) {
  if (document_.json() == nullptr) return;
  const int size = size_of(*document_.json(), list);
  if (from == to || std::min(from, to) < 0 || std::max(from, to) >= size) return;
  const QByteArray element = document_.json()->raw(*document_.json()->find(child(list, from)));
  document_.edit(tr("Move in %1").arg(key_of(list)),
                 {Edit::remove({child(list, from)}), Edit::insert(list, to, {QString::fromUtf8(element)})});
}

}  // namespace geomx::gui

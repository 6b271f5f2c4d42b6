#include "gui/panels/bindings.h"

namespace geomx::gui {
namespace {

// What several items have in common.
template <class Typed>
Binding::Value common_value(const QStringList& ids, const Typed& typed) {
  Binding::Value value;
  for (qsizetype i = 0; i < ids.size(); ++i) {
    const std::optional<QString> one = typed(ids[i]);
    if (i == 0) value.typed = one;
    if (one != value.typed) value.several = true;
  }
  if (value.several) value.typed.reset();
  return value;
}

Problems problems_at(const TopologyModel& model, const QStringList& ids, const QString& path) {
  Problems problems;
  for (const QString& id : ids) {
    if (model.find(id) != nullptr) problems += model.document().problems_within(model.find(id)->pointer + '/' + path);
  }
  return problems;
}

}  // namespace

Binding value_binding(TopologyModel& model, const QString& pointer) {
  return {[&model, pointer] {
            return Binding::Value{model.document().typed(pointer), false, {}};
          },
          [&model, pointer](const QString& json) { return model.judge_value(pointer, json); },
          [&model, pointer](const QString& json) { return model.set_value(pointer, json); },
          [&model, pointer] { return model.document().problems_within(pointer); }, &model.document()};
}

Binding property_binding(TopologyModel& model, const QStringList& ids, const QString& path) {
  const auto read = [&model, ids, path] {
    Binding::Value value = common_value(ids, [&](const QString& id) { return model.property(id, path); });
    const LinkItem* link = ids.isEmpty() ? nullptr : model.link(ids.front());
    if (link == nullptr || value.several || value.typed) return value;
    // Left out, a direction has what the link has, and the link what its preset has, or what its directions say.
    const QString key = path.section(QLatin1Char('/'), -1);
    const bool is_direction = path.startsWith(QLatin1String("forward/")) || path.startsWith(QLatin1String("backward/"));
    if (is_direction) {
      value.otherwise = link->effective(key, path.startsWith(QLatin1String("forward/")));
    } else if (!path.contains(QLatin1Char('/'))) {
      const QString forward = link->effective(key, true);
      const QString backward = link->effective(key, false);
      value.otherwise = forward == backward ? forward : forward + QStringLiteral(" \u2192 \u2190 ") + backward;
    }
    return value;
  };
  return {read, [&model, ids, path](const QString& json) { return model.judge_property(ids, path, json); },
          [&model, ids, path](const QString& json) { return model.set_property(ids, path, json); },
          [&model, ids, path] { return problems_at(model, ids, path); }, &model.document()};
}

Binding name_binding(TopologyModel& model, const QString& id) {
  Binding binding = property_binding(model, {id}, QStringLiteral("name"));
  binding.read = [&model, id] {
    const Item* item = model.find(id);
    return Binding::Value{item == nullptr ? std::nullopt : std::optional<QString>(item->name), false, {}};
  };
  binding.judge = nullptr;  // a rename is judged with all that follows it, when it is done
  binding.set = [&model, id](const QString& json) { return model.rename(id, as_typed(json)); };
  return binding;
}

Binding preset_binding(TopologyModel& model, const QStringList& links) {
  Binding binding = property_binding(model, links, QStringLiteral("preset"));
  binding.set = [&model, links](const QString& json) { return model.set_preset(links, as_typed(json)); };
  return binding;
}

Binding party_binding(TopologyModel& model, const QStringList& datacenters, const QString& key) {
  const auto number = [&model, key](const QString& id) -> std::optional<QString> {
    const DatacenterItem* item = model.datacenter(id);
    if (item == nullptr || !item->party) return std::nullopt;
    return model.document().typed(child(item->party->pointer, key));
  };
  const auto pointers = [&model, datacenters, key] {
    QStringList found;
    for (const QString& id : datacenters) {
      const DatacenterItem* item = model.datacenter(id);
      if (item != nullptr && item->party) found.append(child(item->party->pointer, key));
    }
    return found;
  };
  return {[datacenters, number] { return common_value(datacenters, number); },
          [&model, pointers](const QString& json) {
            for (const QString& pointer : pointers()) {
              if (std::optional<Problem> problem = model.judge_value(pointer, json)) return problem;
            }
            return std::optional<Problem>();
          },
          [&model, pointers](const QString& json) {
            for (const QString& pointer : pointers()) {
              if (std::optional<Problem> problem = model.set_value(pointer, json)) return problem;
            }
            return std::optional<Problem>();
          },
          [&model, pointers] {
            Problems problems;
            for (const QString& pointer : pointers()) problems += model.document().problems_within(pointer);
            return problems;
          },
          &model.document()};
}

}  // namespace geomx::gui

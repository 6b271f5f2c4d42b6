#pragma once

#include <QList>
#include <QWidget>
#include <functional>

#include "gui/model/topology_model.h"
#include "gui/panels/property_field.h"

// The tabs of the inspector, by what is selected.
namespace geomx::gui {

struct InspectorPage {
  QString title;
  QWidget* widget = nullptr;
  std::function<void()> refresh;
  // The field of a path below the item, or of a document's pointer, made visible in its page; null: it has none.
  std::function<PropertyField*(const QString& path)> reveal;
};

// All ids are there, and of the same kind. Widgets get `parent`.
QList<InspectorPage> pages_of_links(TopologyModel& model, const QStringList& ids, QWidget* parent);
QList<InspectorPage> pages_of_datacenters(TopologyModel& model, const QStringList& ids, QWidget* parent);
QList<InspectorPage> pages_of_nodes(TopologyModel& model, const QStringList& ids, QWidget* parent);
QList<InspectorPage> pages_of_document(TopologyModel& model, QWidget* parent);

}  // namespace geomx::gui

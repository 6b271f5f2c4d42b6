#pragma once

#include "gui/model/topology_model.h"
#include "gui/panels/property_field.h"

// Where the inspector's fields have their values.
namespace geomx::gui {

// At a pointer of the document.
Binding value_binding(TopologyModel& model, const QString& pointer);

// A property of one item, or of several at once.
Binding property_binding(TopologyModel& model, const QStringList& ids, const QString& path);

// What is not set like any other property: an item's name, a link's preset, a data center's part in the training.
Binding name_binding(TopologyModel& model, const QString& id);
Binding preset_binding(TopologyModel& model, const QStringList& links);
Binding party_binding(TopologyModel& model, const QStringList& datacenters, const QString& key);

}  // namespace geomx::gui

#pragma once

#include "emulator/scenario/scenario.h"
#include "gui/model/topology_model.h"

namespace geomx::gui {

// What a text says of its topology, as far as that can be read; wrong values are as good as none. Pure.
struct TopologyReading {
  std::vector<DatacenterItem> datacenters;
  std::vector<NodeItem> nodes;
  std::vector<LinkItem> links;
  // Names alone, as emulator/scenario wants them: its functions say how nodes, LANs' links and metrics are called.
  // Elements stand as in the lists above.
  scenario::Scenario skeleton;
};

TopologyReading read_topology(const JsonText* json);  // null: nothing

// A preset's figure in one direction, as typed; empty where it says nothing of that property.
QString figure_of(const scenario::LinkProperties& figures, const QString& key);

// With ids that are unique, made of the names.
void assign_ids(TopologyReading& reading);

}  // namespace geomx::gui

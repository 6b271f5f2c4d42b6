#pragma once

#include "emulator/scenario/format.h"
#include "emulator/scenario/scenario.h"
#include "emulator/scenario/sweep_section.h"

namespace geomx::scenario {

// Every key of the scenario file, version 1: its name, its format, the member that it fills, what it is for. The
// parser, the writer, the JSON Schema and, by a test, docs/scenario.md all follow this table. Internal to this folder.
const Object<Scenario>& scenario_table();
const Object<LinkProperties>& link_properties_table();  // the part of it that a direction of a link has
const Rivals& link_rivals();                            // among them

const Object<Event>& event_table();      // table_events.cc
const Object<Command>& command_table();  // table_workload.cc
Fields<Machine> machine_fields();        // table_machine.cc; of a node, and of a data center for its hosts
Format<Device> device();                 // table_device.cc

const Object<SweepSection>& sweep_table();  // sweep_section.cc

const Object<Training>& training_table();  // table_training.cc
Format<Flow> flow();                       // table_flow.cc
Format<Faults> faults();                   // table_faults.cc
Format<Checkpoint> checkpoint();           // likewise

}  // namespace geomx::scenario

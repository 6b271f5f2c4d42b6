#pragma once

#include <algorithm>
#include <string>

#include "emulator/lab/plan.h"
#include "emulator/scenario/roles.h"
#include "emulator/scenario/scenario.h"

// The guide's demo as the tests of this folder see it: a scenario and a plan made by hand, so that what is under test
// is this folder alone.
namespace geomx::run::test {

inline scenario::Scenario three_dc() {
  scenario::Scenario scenario;
  scenario.name = "three-dc";
  scenario.seed = 7;
  scenario.seed_given = true;
  for (const char* name : {"central", "a", "b"}) scenario.topology.datacenters.push_back({name, 0, {}});
  for (const char* name : {"a", "b"}) {
    scenario::Link link;
    link.name = std::string("wan-") + name;
    link.ends[0] = "central";
    link.ends[1] = name;
    link.forward.rate = link.backward.rate = BitsPerSecond{100'000'000};
    link.forward.delay = link.backward.delay = std::chrono::milliseconds(30);
    scenario.topology.links.push_back(link);
  }
  scenario::Training training;
  training.parties = {{"central", 1, 1, 0}, {"a", 0, 1, 2}, {"b", 0, 1, 2}};
  training.epochs = 1;
  scenario.training = training;
  return scenario;
}

// Every role's node with an address of its own, 10.0.0.1, 10.0.0.2, ... in the order of roles_of; both WAN links.
inline lab::Plan plan_of(const scenario::Scenario& scenario) {
  lab::Plan plan;
  plan.lab = scenario.name;
  std::uint32_t address = 0x0a000001;
  for (const scenario::Role& role : scenario::roles_of(scenario)) {
    lab::PlannedNode node;
    node.name = role.name;
    node.datacenter = role.datacenter;
    node.interfaces.resize(1);
    node.interfaces[0].name = "eth0";
    node.interfaces[0].address = {address++};
    plan.nodes.push_back(node);
  }
  for (const scenario::Link& link : scenario.topology.links) {
    lab::PlannedLink planned;
    planned.name = link.name;
    for (int end = 0; end < 2; ++end) {
      planned.label[end] = link.ends[end];
      planned.ends[end] = {link.ends[end] + "-gateway", "eth0"};
    }
    for (const bool forward : {true, false}) {
      shaper::Direction& direction = forward ? planned.forward : planned.backward;
      const scenario::LinkProperties& asked = forward ? link.forward : link.backward;
      direction.rate = asked.rate;
      direction.delay = asked.delay.value_or(Nanoseconds{0});
      direction.loss = asked.loss.value_or(Probability{}).value;
    }
    planned.shaper = shaper::Kind::wire;
    plan.links.push_back(planned);
  }
  return plan;
}

}  // namespace geomx::run::test

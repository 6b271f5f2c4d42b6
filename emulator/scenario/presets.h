#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "emulator/scenario/scenario.h"

// Kinds of links by name, with figures from published measurements: the value of a link's "preset".
namespace geomx::scenario {

struct Preset {
  std::string name;
  std::string description;
  std::string source;   // where the figures are from
  LinkProperties down;  // from ends[0], the network, to ends[1], the subscriber
  LinkProperties up;
};

const std::vector<Preset>& presets();
const Preset* find_preset(std::string_view name);  // null: there is none

// Lays what `figures` say over what `properties` have. A rate takes the place of a trace and the other way round, and
// a loss that of losses in bursts.
void override_with(const LinkProperties& figures, LinkProperties& properties);

}  // namespace geomx::scenario

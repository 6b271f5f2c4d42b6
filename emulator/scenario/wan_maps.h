#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "emulator/base/units.h"

// Real wide-area networks as data: where their sites are and which are joined.
namespace geomx::scenario {

struct WanSite {
  std::string_view name;  // fit for a data center
  double latitude = 0;    // degrees, north
  double longitude = 0;   // degrees, east
};

struct WanMap {
  std::string_view name;
  std::string_view source;  // where the data comes from, and what it lacks
  std::vector<WanSite> sites;
  bool located = true;                     // false: the source has no places, and hence no distances
  std::optional<BitsPerSecond> capacity;   // of every link; none: not published
  std::vector<std::pair<int, int>> links;  // indices of sites
};

const std::vector<WanMap>& wan_maps();
// Throws InputError naming those that there are.
const WanMap& wan_map(std::string_view name);

// Along the great circle, on a sphere of 6371 km.
double distance_km(const WanSite& a, const WanSite& b);

}  // namespace geomx::scenario

#include "emulator/scenario/wan_maps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "emulator/base/error.h"
#include "emulator/scenario/suggest.h"

namespace geomx::scenario {
namespace {

WanMap abilene() {
  return {
      "abilene",
      "Internet2's Abilene backbone of 2004, as in SNDlib (sndlib.zib.de, problem abilene) less its second router in "
      "Atlanta; OC-192 circuits, taken for 10 Gbit/s",
      {{"atlanta", 33.75, -84.3833},
       {"chicago", 41.8333, -87.6167},
       {"denver", 40.75, -105.0},
       {"houston", 29.770031, -95.517364},
       {"indianapolis", 39.780622, -86.159535},
       {"kansas-city", 38.961694, -96.596704},
       {"los-angeles", 34.05, -118.25},
       {"new-york", 40.7833, -73.9667},
       {"sunnyvale", 37.38575, -122.02553},
       {"seattle", 47.6, -122.3},
       {"washington", 38.897303, -77.026842}},
      true,
      BitsPerSecond{10'000'000'000},
      {{0, 3},
       {0, 4},
       {0, 10},
       {1, 4},
       {1, 7},
       {2, 5},
       {2, 8},
       {2, 9},
       {3, 5},
       {3, 6},
       {4, 5},
       {6, 8},
       {7, 10},
       {8, 9}}};
}

WanMap geant() {
  return {
      "geant",
      "the European research network GEANT of 2004, as in SNDlib (sndlib.zib.de, problem geant), whose link modules "
      "are of 40 Gbit/s",
      {{"vienna", 48.2091, 16.3729},     {"brussels", 50.8469, 4.3518},   {"geneva", 46.2038, 6.1399},
       {"prague", 50.0785, 14.4423},     {"frankfurt", 50.1122, 8.6842},  {"madrid", 40.4167, -3.7033},
       {"paris", 48.8566, 2.351},        {"athens", 37.9778, 23.5808},    {"zagreb", 45.8071, 15.9644},
       {"budapest", 47.4976, 19.0936},   {"dublin", 53.3416, -6.2573},    {"tel-aviv", 32.0714, 34.8097},
       {"milan", 45.4642, 9.19},         {"luxembourg", 49.6112, 6.1296}, {"amsterdam", 52.3236, 4.9407},
       {"new-york", 40.6698, -73.94384}, {"poznan", 52.3963, 16.8874},    {"lisbon", 38.7073, -9.1363},
       {"stockholm", 59.3617, 17.8742},  {"ljubljana", 46.0574, 14.5148}, {"bratislava", 48.1531, 17.1297},
       {"london", 51.5086, -0.1264}},
      true,
      BitsPerSecond{40'000'000'000},
      {{0, 2},  {0, 4},   {0, 9},   {0, 15},  {0, 19},  {1, 6},   {1, 13},  {1, 14},  {2, 6},
       {2, 12}, {3, 4},   {3, 16},  {3, 20},  {4, 6},   {4, 7},   {4, 10},  {4, 12},  {4, 14},
       {4, 18}, {5, 6},   {5, 12},  {5, 17},  {6, 13},  {6, 21},  {7, 12},  {8, 9},   {8, 19},
       {9, 20}, {10, 21}, {11, 12}, {11, 14}, {14, 21}, {15, 21}, {16, 18}, {17, 21}, {18, 21}}};
}

WanMap b4() {
  return {"b4",
          "Google's B4 of 2013: 12 sites and 19 links of figure 1 in Jain et al., \"B4: experience with a "
          "globally-deployed software defined WAN\", SIGCOMM 2013, numbered as in the TeaVaR artifact (SIGCOMM 2019); "
          "neither lengths nor capacities are published: give --delay and --rate",
          {{"site1"},
           {"site2"},
           {"site3"},
           {"site4"},
           {"site5"},
           {"site6"},
           {"site7"},
           {"site8"},
           {"site9"},
           {"site10"},
           {"site11"},
           {"site12"}},
          false,
          std::nullopt,
          {{0, 1},
           {0, 2},
           {1, 4},
           {2, 3},
           {2, 5},
           {3, 4},
           {3, 6},
           {3, 7},
           {4, 5},
           {5, 6},
           {5, 7},
           {6, 7},
           {6, 10},
           {7, 9},
           {8, 9},
           {8, 10},
           {9, 10},
           {9, 11},
           {10, 11}}};
}

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

}  // namespace

const std::vector<WanMap>& wan_maps() {
  static const std::vector<WanMap> maps{abilene(), b4(), geant()};
  return maps;
}

const WanMap& wan_map(std::string_view name) {
  std::vector<std::string> known;
  for (const WanMap& map : wan_maps()) {
    if (map.name == name) return map;
    known.emplace_back(map.name);
  }
  throw InputError("--map", fmt::format("there is no map \"{}\"", name), suggestion(name, known));
}

double distance_km(const WanSite& a, const WanSite& b) {
  constexpr double kEarthRadius = 6371;
  const double latitude = std::sin((radians(b.latitude) - radians(a.latitude)) / 2);
  const double longitude = std::sin((radians(b.longitude) - radians(a.longitude)) / 2);
  const double haversine =
      latitude * latitude + std::cos(radians(a.latitude)) * std::cos(radians(b.latitude)) * longitude * longitude;
  return 2 * kEarthRadius * std::asin(std::min(1.0, std::sqrt(haversine)));
}

}  // namespace geomx::scenario

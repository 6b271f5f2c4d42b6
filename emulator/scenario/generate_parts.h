#pragma once

#include <string>

#include "emulator/base/units.h"
#include "emulator/scenario/scenario.h"

// What generators have in common. Internal to this folder.
namespace geomx::scenario {

inline constexpr int kMostGenerated = 10'000;  // hosts, or sites

// Throws InputError("--NAME", ...) where `value` is not from `min` to `max`.
void require_range(const char* option, int value, int min, int max);
void require_above(const char* option, double value, double above, double max);

// `hosts` dealt out over `sites` as evenly as possible, the first ones getting one more.
int share_of(int hosts, int sites, int site);

void add_node(Scenario& scenario, const std::string& name, NodeKind kind);
// Named A--B.
void add_link(Scenario& scenario, const std::string& a, const std::string& b, const LinkProperties& both);

// The links of a Waxman graph between the scenario's data centers. Throws InputError.
struct WaxmanOptions;
void add_waxman_links(Scenario& scenario, const WaxmanOptions& options);

// One way, of light in fibre: 200 km per millisecond (refractive index 1.5), in steps of 10 us, at least one.
Nanoseconds fibre_delay(double km);

}  // namespace geomx::scenario

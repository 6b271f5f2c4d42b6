#pragma once

#include <string>
#include <vector>

#include "emulator/lab/fidelity.h"
#include "emulator/lab/lab.h"

// The road between a running lab and its monitor, and from there to whoever asks.
namespace geomx::lab {

// Both directions of every shaped link: what they are to do now, and what they have counted.
std::vector<WatchedDirection> watched(Lab& lab);

// A JSON object: "verdict" since the lab came up and "now" (the last seconds), "time" (seconds since 1970, as all times
// in it), "machine", "deviations", "links" (directions over which something went in the last window) and "judged" (of
// each direction, what was). docs/fidelity.md describes it.
std::string fidelity_json(const FidelityMonitor& monitor);

}  // namespace geomx::lab

#pragma once

#include <array>
#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"

// The numbers that a run of a scenario leaves in its summary.json, known before it has run: what an expectation's
// `metric` may name. Pure.
namespace geomx::scenario {

// training.seconds_to_accuracy has a number for each of these that was reached.
struct AccuracyLevel {
  const char* name;
  double accuracy;
};
inline constexpr std::array<AccuracyLevel, 12> kAccuracyLevels{{{"0.5", 0.5},
                                                                {"0.6", 0.6},
                                                                {"0.7", 0.7},
                                                                {"0.75", 0.75},
                                                                {"0.8", 0.8},
                                                                {"0.85", 0.85},
                                                                {"0.9", 0.9},
                                                                {"0.95", 0.95},
                                                                {"0.96", 0.96},
                                                                {"0.97", 0.97},
                                                                {"0.98", 0.98},
                                                                {"0.99", 0.99}}};

// Every path, links by their names: "training.test_accuracy", "links.wan-a.central->a.bytes", ...
// REQUIRES, here and below: the names in the scenario's topology are sound.
std::vector<std::string> metrics(const Scenario& scenario);

// Whether `path` is one of them; a link may go by its index in summary.json's `links` too: "links.0.bytes".
bool is_metric(const Scenario& scenario, const std::string& path);

}  // namespace geomx::scenario

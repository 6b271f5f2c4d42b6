#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"

// A scenario's `expect` against what a run came down to. Pure.
namespace geomx::run {

struct ExpectationResult {
  scenario::Expectation expectation;
  std::optional<double> value;  // nullopt: the summary has no such number
  bool met = false;
};

// `summary` is the content of summary.json; a metric is a path in it: "training.test_accuracy",
// "training.seconds_to_accuracy.0.95" (a key may have dots of its own), "links.wan-a.central->a.bytes" (an element of
// an array is known by its index, or by its name and direction). What is not a number there is not met.
std::vector<ExpectationResult> check_expectations(const std::vector<scenario::Expectation>& expectations,
                                                  const nlohmann::ordered_json& summary);

// "training.test_accuracy >= 0.8"
std::string describe(const scenario::Expectation& expectation);

}  // namespace geomx::run

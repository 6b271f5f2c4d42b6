#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/sweep/predict.h"
#include "emulator/sweep/values.h"

// What a sweep varies: every combination of the values of its paths, each resolved to a scenario of its own.
namespace geomx::sweep {

struct Variation {
  std::string path;  // as --set takes it
  std::vector<Value> values;
  std::string label{};  // the heading of its column: the end of the path that no other has
};

struct Point {
  std::vector<std::size_t> choice;  // of each variation's values, by index
  std::string scenario;             // as JSON, with every default and override spelled out
  std::uint64_t seed = 1;
  std::optional<double> predicted_round_s;  // predict.h
};

struct Grid {
  std::string name;  // the scenario's
  std::vector<Variation> variations;
  std::vector<Point> points;  // the last path's values change fastest
};

inline constexpr std::size_t kMostPoints = 100'000;

struct GridOptions {
  std::string path;              // the scenario file
  std::vector<std::string> set;  // PATH=VALUE for all points, applied before what is varied
  std::optional<std::uint64_t> seed;
  Sender sender = Sender::at_once;  // of the predictions
};

// Fills in the labels. Throws InputError where a path is there twice.
std::vector<Variation> labelled(std::vector<Variation> variations);

// Reads and judges the scenario of every point, so that what is wrong with one is said before anything runs. Without
// variations there is a single point. Throws InputError, of a point that cannot be ScenarioErrors, which name the value
// that is to blame.
Grid make_grid(const GridOptions& options, std::vector<Variation> variations);

// "rate=10Mbit sync=fsa"; empty where nothing is varied.
std::string describe(const Grid& grid, const Point& point);

}  // namespace geomx::sweep

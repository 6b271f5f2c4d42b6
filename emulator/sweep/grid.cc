#include "emulator/sweep/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "emulator/base/error.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

namespace geomx::sweep {
namespace {

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts{""};
  for (const char c : path) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  // "training.sync.name" is known as sync.
  if (parts.size() > 2 && parts.back() == "name") parts.pop_back();
  return parts;
}

// The last `count` of them.
std::string ending(const std::vector<std::string>& parts, std::size_t count) {
  const auto from = parts.end() - static_cast<std::ptrdiff_t>(std::min(count, parts.size()));
  return fmt::format("{}", fmt::join(from, parts.end(), "."));
}

std::size_t combinations(const std::vector<Variation>& variations) {
  std::size_t count = 1;
  for (const Variation& variation : variations) {
    count *= variation.values.size();
    if (count > kMostPoints) {
      throw InputError("--vary", fmt::format("more than {} combinations", kMostPoints), "vary less at once");
    }
  }
  return count;
}

std::vector<std::size_t> choice_of(const std::vector<Variation>& variations, std::size_t index) {
  std::vector<std::size_t> choice(variations.size());
  for (std::size_t i = variations.size(); i-- > 0;) {
    choice[i] = index % variations[i].values.size();
    index /= variations[i].values.size();
  }
  return choice;
}

}  // namespace

std::vector<Variation> labelled(std::vector<Variation> variations) {
  for (Variation& variation : variations) {
    const std::vector<std::string> parts = parts_of(variation.path);
    const auto shared = [&](std::size_t count) {
      return std::count_if(variations.begin(), variations.end(), [&](const Variation& other) {
               return ending(parts_of(other.path), count) == ending(parts, count);
             }) > 1;
    };
    std::size_t count = 1;
    while (count < parts.size() && shared(count)) ++count;
    if (shared(count)) throw InputError("--vary " + variation.path, "is there twice");
    variation.label = ending(parts, count);
  }
  return variations;
}

Grid make_grid(const GridOptions& options, std::vector<Variation> variations) {
  Grid grid;
  grid.variations = labelled(std::move(variations));
  const std::size_t count = combinations(grid.variations);
  for (std::size_t index = 0; index < count; ++index) {
    Point point{choice_of(grid.variations, index), {}, 1, {}};
    std::vector<std::string> overrides = options.set;
    if (options.seed) overrides.push_back(fmt::format("seed={}", *options.seed));
    for (std::size_t i = 0; i < grid.variations.size(); ++i) {
      overrides.push_back(grid.variations[i].path + "=" + grid.variations[i].values[point.choice[i]].text);
    }
    scenario::Scenario scenario = scenario::load(options.path, overrides);
    scenario.seed_given = true;
    if (scenario.seed > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      throw InputError("seed", "a sweep's is below 2^63", "for example --seed 1");
    }
    if (!scenario.training && scenario.workload.empty()) {
      throw InputError(options.path, "the scenario has neither \"training\" nor \"workload\": nothing to run");
    }
    grid.name = scenario.name;
    point.seed = scenario.seed;
    point.predicted_round_s = predicted_round_seconds(scenario, options.sender);
    point.scenario = scenario::write(scenario);
    grid.points.push_back(std::move(point));
  }
  return grid;
}

std::string describe(const Grid& grid, const Point& point) {
  std::string text;
  for (std::size_t i = 0; i < grid.variations.size(); ++i) {
    const Variation& variation = grid.variations[i];
    text += fmt::format("{}{}={}", i > 0 ? " " : "", variation.label, display(variation.values[point.choice[i]].text));
  }
  return text;
}

}  // namespace geomx::sweep

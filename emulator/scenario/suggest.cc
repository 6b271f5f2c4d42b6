#include "emulator/scenario/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

namespace geomx::scenario {
namespace {

// Optimal string alignment distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongestName = 64;  // longer ones are no slip of the finger
  if (name.empty() || name.size() > kLongestName) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestName) continue;
    const std::size_t d = distance(name, candidate);
    const bool something_in_common = d < std::min(name.size(), candidate.size());
    if (d < best_distance && something_in_common) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr std::size_t kFew = 12;
  const std::string near = nearest(name, candidates);
  if (!near.empty()) return fmt::format("did you mean \"{}\"?", near);
  if (candidates.empty() || candidates.size() > kFew) return {};
  return fmt::format("known: {}", fmt::join(candidates, ", "));
}

std::string key_suggestion(const std::string& key, const std::vector<std::string>& known) {
  static const std::unordered_map<std::string, std::string> synonyms{
      {"bw", "rate"},           {"bandwidth", "rate"},
      {"latency", "delay"},     {"limit", "queue"},
      {"buffer", "queue"},      {"endpoints", "ends"},
      {"type", "kind"},         {"lr", "learning_rate"},
      {"batch", "batch_size"},  {"data_centers", "datacenters"},
      {"command", "argv"},      {"cmd", "argv"},
      {"commands", "workload"}, {"dc", "datacenter"}};
  const auto synonym = synonyms.find(key);
  if (synonym != synonyms.end() && std::find(known.begin(), known.end(), synonym->second) != known.end()) {
    return fmt::format("did you mean \"{}\"?", synonym->second);
  }
  return suggestion(key, known);
}

}  // namespace geomx::scenario

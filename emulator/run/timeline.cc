#include "emulator/run/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace geomx::run {
namespace {

constexpr std::size_t kMostNodes = 24;  // a screen

struct Phase {
  const char* name;
  char mark;
  double NodeTimes::*mean;
  double Round::*one;
};
constexpr std::array<Phase, 5> kPhases{{{"gather", '.', &NodeTimes::gather_ms, &Round::gather_ms},
                                        {"compute", '#', &NodeTimes::compute_ms, &Round::compute_ms},
                                        {"push", '>', &NodeTimes::push_ms, &Round::push_ms},
                                        {"wait", '-', &NodeTimes::wait_ms, &Round::wait_ms},
                                        {"pull", '<', &NodeTimes::pull_ms, &Round::pull_ms}}};

// "###>>>>---<<<<": each phase as long as its share.
std::string bar(const NodeTimes& node) {
  constexpr double kLength = 30;
  std::string text;
  double until = 0;
  for (const Phase& phase : kPhases) {
    until += node.*phase.mean / node.round_ms();
    text.append(static_cast<std::size_t>(std::lround(kLength * until)) - text.size(), phase.mark);
  }
  return text;
}

}  // namespace

void Timeline::add(const std::string& node, const Round& round) {
  NodeTimes& sum = sums_[node];
  ++sum.rounds;
  for (const Phase& phase : kPhases) sum.*phase.mean += round.*phase.one;
}

std::vector<NodeTimes> Timeline::means() const {
  std::vector<NodeTimes> all;
  for (const auto& [name, sum] : sums_) {
    NodeTimes& node = all.emplace_back(sum);
    node.node = name;
    for (const Phase& phase : kPhases) node.*phase.mean /= static_cast<double>(sum.rounds);
  }
  return all;
}

std::string timeline_table(const std::vector<NodeTimes>& nodes) {
  if (nodes.empty()) return {};
  std::size_t width = 4;
  for (const NodeTimes& node : nodes) width = std::max(width, node.node.size());
  std::string text = fmt::format("  {:<{}}  {:>9}", "node", width, "ms/round");
  for (const Phase& phase : kPhases) text += fmt::format("  {:>14}", fmt::format("{} {}", phase.name, phase.mark));
  text += "\n";
  for (std::size_t i = 0; i < std::min(nodes.size(), kMostNodes); ++i) {
    const NodeTimes& node = nodes[i];
    text += fmt::format("  {:<{}}  {:>9.1f}", node.node, width, node.round_ms());
    for (const Phase& phase : kPhases) {
      const double mean = node.*phase.mean;
      text += fmt::format("  {:>14}",
                          mean == 0 ? "-" : fmt::format("{:.1f} ({:.0f} %)", mean, 100 * mean / node.round_ms()));
    }
    text += (node.round_ms() > 0 ? "  " + bar(node) : "") + "\n";
  }
  if (nodes.size() > kMostNodes) text += fmt::format("  and {} more, in summary.json\n", nodes.size() - kMostNodes);
  return text;
}

}  // namespace geomx::run

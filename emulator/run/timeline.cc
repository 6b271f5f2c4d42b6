#include "emulator/run/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace geomx::run {
namespace {

constexpr std::size_t kMostNodes = 24;  // a screen

struct Part {
  const char* name;
  char mark;
  double NodeTimes::*mean;
  double Round::*one;
};
constexpr std::array<Part, 5> kParts{{{"gather", '.', &NodeTimes::gather_ms, &Round::gather_ms},
                                      {"compute", '#', &NodeTimes::compute_ms, &Round::compute_ms},
                                      {"push", '>', &NodeTimes::push_ms, &Round::push_ms},
                                      {"wait", '-', &NodeTimes::wait_ms, &Round::wait_ms},
                                      {"pull", '<', &NodeTimes::pull_ms, &Round::pull_ms}}};

// "###>>>>---<<<<": each part as long as its share. A process may have told nonsense; nothing follows from that.
std::string bar(const NodeTimes& node) {
  constexpr double kLength = 30;
  std::string text;
  double until = 0;
  for (const Part& part : kParts) {
    until += node.*part.mean / node.round_ms();
    if (!std::isfinite(until)) break;
    const double end = std::clamp(kLength * until, static_cast<double>(text.size()), kLength);
    text.append(static_cast<std::size_t>(std::lround(end)) - text.size(), part.mark);
  }
  return text;
}

}  // namespace

void Timeline::add(const std::string& node, const Round& round) {
  NodeTimes& sum = sums_[node];
  ++sum.rounds;
  for (const Part& part : kParts) sum.*part.mean += round.*part.one;
}

std::vector<NodeTimes> Timeline::means() const {
  std::vector<NodeTimes> all;
  for (const auto& [name, sum] : sums_) {
    NodeTimes& node = all.emplace_back(sum);
    node.node = name;
    for (const Part& part : kParts) node.*part.mean /= static_cast<double>(sum.rounds);
  }
  return all;
}

std::string timeline_table(const std::vector<NodeTimes>& nodes) {
  if (nodes.empty()) return {};
  std::size_t width = 4;
  for (const NodeTimes& node : nodes) width = std::max(width, node.node.size());
  std::string text = fmt::format("  {:<{}}  {:>9}", "node", width, "ms/round");
  for (const Part& part : kParts) text += fmt::format("  {:>14}", fmt::format("{} {}", part.name, part.mark));
  text += "\n";
  for (std::size_t i = 0; i < std::min(nodes.size(), kMostNodes); ++i) {
    const NodeTimes& node = nodes[i];
    text += fmt::format("  {:<{}}  {:>9.1f}", node.node, width, node.round_ms());
    for (const Part& part : kParts) {
      const double mean = node.*part.mean;
      text += fmt::format("  {:>14}",
                          mean == 0 ? "-" : fmt::format("{:.1f} ({:.0f} %)", mean, 100 * mean / node.round_ms()));
    }
    text += (node.round_ms() > 0 ? "  " + bar(node) : "") + "\n";
  }
  if (nodes.size() > kMostNodes) text += fmt::format("  and {} more, in summary.json\n", nodes.size() - kMostNodes);
  return text;
}

}  // namespace geomx::run

#include "trainer/cuda/schedule.h"

#include <algorithm>
#include <map>

namespace geomx::trainer::cuda {
namespace {

// Neighbours only, until they are large enough.
template <typename Entry, typename Position>
std::multimap<std::size_t, Transfer> transfers(const std::vector<Entry>& entries, Position position,
                                               const std::vector<std::size_t>& offsets, std::size_t least,
                                               bool last_counts) {
  std::multimap<std::size_t, Transfer> found;
  Transfer transfer;
  std::size_t at = 0;
  const auto close = [&] {
    if (!transfer.tensors.empty()) found.emplace(at, std::move(transfer));
    transfer = {};
  };
  for (const Entry& entry : entries) {
    const std::size_t begin = offsets[entry.tensor];
    const std::size_t end = offsets[entry.tensor + 1];
    const bool neighbour = transfer.tensors.empty() || begin == transfer.end || end == transfer.begin;
    // Tensors of one node go together.
    const bool same_place = !transfer.tensors.empty() && position(entry) == at;
    if (!neighbour || (transfer.end - transfer.begin >= least && !same_place)) close();
    if (transfer.tensors.empty()) {
      transfer.begin = begin;
      transfer.end = end;
      at = position(entry);
    }
    transfer.begin = std::min(transfer.begin, begin);
    transfer.end = std::max(transfer.end, end);
    transfer.tensors.push_back(entry.tensor);
    if (last_counts) at = position(entry);
  }
  close();
  return found;
}

}  // namespace

std::vector<Segment> make_schedule(const Program& program, const std::vector<std::size_t>& offsets, std::size_t least) {
  // A transfer of parameters has to be there before the first step that reads one of them, one of gradients follows the
  // last step that makes one.
  auto up = transfers(
      program.needed, [](const Needed& each) { return each.begin; }, offsets, least, false);
  auto down = transfers(
      program.ready, [](const Ready& each) { return each.end; }, offsets, least, true);
  const std::size_t steps = program.steps.size();
  std::vector<std::size_t> cuts{0, steps};
  if (up.size() > 1) {
    for (const auto& [at, transfer] : up) cuts.push_back(at);
  } else if (!up.empty()) {
    auto only = up.extract(up.begin());
    only.key() = 0;
    up.insert(std::move(only));
  }
  for (const auto& [at, transfer] : down) cuts.push_back(at);
  std::ranges::sort(cuts);
  const auto repeated = std::ranges::unique(cuts);
  cuts.erase(repeated.begin(), repeated.end());

  std::vector<Segment> segments;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    Segment segment{{}, cuts[i], cuts[i + 1], {}};
    for (auto [it, last] = up.equal_range(cuts[i]); it != last; ++it) segment.uploads.push_back(it->second);
    for (auto [it, last] = down.equal_range(cuts[i + 1]); it != last; ++it) segment.downloads.push_back(it->second);
    segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace geomx::trainer::cuda

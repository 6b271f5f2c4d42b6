#include "emulator/shaper/tc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "emulator/shaper/jitter.h"

namespace geomx::shaper {
namespace {

constexpr std::uint32_t kEthernetHeader = 14;
// More packets than any memory holds: the delay line itself loses nothing.
constexpr std::uint32_t kUnbounded = 10'000'000;
constexpr BitsPerSecond kLeastExactRate{10'000'000};
// The segmenting tbf's rate, and what may wait for it.
constexpr BitsPerSecond kSegmenterRate{100'000'000'000};
constexpr std::uint32_t kSegmenterLimit = 64 << 20;
// What no frame fits into.
constexpr std::uint32_t kClosed = 1;

// Lets nothing in, without other qdiscs than those that hold what waits.
void close(std::vector<netlink::QdiscKind>& kinds, std::uint64_t frame) {
  const auto netem = std::find_if(kinds.begin(), kinds.end(), [](const netlink::QdiscKind& kind) {
    return std::holds_alternative<netlink::Netem>(kind);
  });
  if (netem != kinds.end()) {
    std::get<netlink::Netem>(*netem).loss = Probability{1};
  } else if (!kinds.empty()) {
    std::get<netlink::Tbf>(kinds.back()).limit = kClosed;
  } else {
    kinds.emplace_back(netlink::Tbf{kSegmenterRate, Bytes{frame}, kClosed});
  }
}

netlink::Netem netem_of(const Direction& direction) {
  netlink::Netem netem;
  netem.limit = kUnbounded;
  netem.delay = direction.delay;
  netem.jitter = direction.jitter;
  if (direction.jitter.count() > 0 && direction.distribution != Distribution::uniform) {
    netem.distribution = netem_table(direction.distribution);
  }
  netem.loss = Probability{direction.loss};
  if (const auto& model = direction.gilbert_elliott) {
    netem.bursts = {{model->p}, {model->r}, {model->loss_good}, {model->loss_bad}};
  }
  netem.duplicate = Probability{direction.duplicate};
  netem.reorder = Probability{direction.reorder};
  netem.corrupt = Probability{direction.corrupt};
  if (direction.random()) netem.seed = direction.seed;
  return netem;
}

bool close(Probability a, Probability b) {
  return std::abs(a.value - b.value) < 1e-8;
}

bool close(const std::optional<netlink::Netem::Bursts>& a, const std::optional<netlink::Netem::Bursts>& b) {
  if (!a || !b) return !a && !b;
  return close(a->p, b->p) && close(a->r, b->r) && close(a->loss_good, b->loss_good) && close(a->loss_bad, b->loss_bad);
}

}  // namespace

Bytes tbf_burst(BitsPerSecond rate, int mtu) {
  const auto frame = static_cast<std::uint64_t>(mtu) + kEthernetHeader;
  return {std::min<std::uint64_t>(frame + rate.value / 8 / 1000, std::max<std::uint64_t>(128 << 10, 2 * frame))};
}

std::optional<std::string> tc_obstacle(const Direction& direction) {
  if (direction.trace) return "tc has no rate that follows a trace";
  if (direction.codel && direction.rate) return "tc bounds what waits for a tbf by its tail alone";
  if (direction.jitter.count() > 0) {
    if (direction.keeps_order) return "tc does not keep the order of packets under jitter";
    if (direction.correlation > 0) return "tc makes a correlated jitter narrower than asked";
  }
  if (direction.rate && direction.random())
    return "tc would lose or change packets before the rate instead of after it";
  if (direction.duplicate > 0) {
    Direction rest = direction;
    rest.duplicate = 0;
    if (rest.random()) return "tc would roll the dice for a duplicate again";
  }
  return std::nullopt;
}

std::optional<std::string> tc_shortcoming(const Direction& direction) {
  if (!direction.rate) return std::nullopt;
  if (std::holds_alternative<PacketLimit>(direction.queue)) return "tc bounds a queue in bytes, not in packets";
  if (*direction.rate < kLeastExactRate) return "tc does not serialise the first frame after a pause";
  return std::nullopt;
}

std::vector<TcStage> tc_stages(const Direction& direction, int mtu) {
  const auto frame = static_cast<std::uint64_t>(mtu) + kEthernetHeader;
  std::vector<netlink::QdiscKind> kinds;
  if (direction.random()) {
    kinds.emplace_back(netlink::Tbf{kSegmenterRate, Bytes{frame}, kSegmenterLimit});
  }
  if (direction.delay.count() > 0 || direction.random()) kinds.emplace_back(netem_of(direction));
  if (direction.rate) {
    const auto* packets = std::get_if<PacketLimit>(&direction.queue);
    const std::uint64_t asked =
        packets != nullptr ? packets->packets * frame : std::get<ByteLimit>(direction.queue).bytes;
    // tbf counts the frame that it is sending, too: with less room than that it would send none.
    const std::uint64_t limit = std::clamp<std::uint64_t>(asked, frame, UINT32_MAX);
    kinds.emplace_back(
        netlink::Tbf{*direction.rate, tbf_burst(*direction.rate, mtu), static_cast<std::uint32_t>(limit)});
  }
  if (direction.down) close(kinds, frame);
  std::vector<TcStage> stages;
  stages.reserve(kinds.size());
  for (netlink::QdiscKind& kind : kinds) {
    stages.push_back({netlink::handle(static_cast<std::uint16_t>(stages.size() + 1)), kind});
  }
  return stages;
}

bool changeable(const std::vector<TcStage>& from, const std::vector<TcStage>& to) {
  if (from.size() != to.size()) return false;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i].kind.index() != to[i].kind.index()) return false;
    const auto* before = std::get_if<netlink::Netem>(&from[i].kind);
    const auto* after = std::get_if<netlink::Netem>(&to[i].kind);
    // netem keeps its table where it is given none.
    if (before != nullptr && !before->distribution.empty() && after->distribution.empty()) return false;
  }
  return true;
}

bool same(const netlink::QdiscKind& asked, const netlink::QdiscKind& found) {
  if (asked.index() != found.index()) return false;
  if (const auto* tbf = std::get_if<netlink::Tbf>(&asked)) {
    const auto& has = std::get<netlink::Tbf>(found);
    const double burst_error = static_cast<double>(has.burst.value) - static_cast<double>(tbf->burst.value);
    return has.rate.value / 8 == tbf->rate.value / 8 && has.limit == tbf->limit &&
           std::abs(burst_error) <= 64 + 0.01 * static_cast<double>(tbf->burst.value);
  }
  const auto& netem = std::get<netlink::Netem>(asked);
  const auto& has = std::get<netlink::Netem>(found);
  return has.limit == netem.limit && has.delay == netem.delay && has.jitter == netem.jitter && has.rate == netem.rate &&
         close(has.loss, netem.loss) && close(has.bursts, netem.bursts) && close(has.duplicate, netem.duplicate) &&
         close(has.reorder, netem.reorder) && close(has.corrupt, netem.corrupt) &&
         (!netem.seed || has.seed == netem.seed);
}

std::string describe(const netlink::QdiscKind& kind) {
  if (const auto* tbf = std::get_if<netlink::Tbf>(&kind)) {
    return fmt::format("tbf rate {} burst {} limit {}", to_string(tbf->rate), to_string(tbf->burst),
                       to_string(Bytes{tbf->limit}));
  }
  const auto& netem = std::get<netlink::Netem>(kind);
  std::string text = fmt::format("netem delay {}", to_string(netem.delay));
  if (netem.jitter.count() > 0) text += fmt::format(" jitter {}", to_string(netem.jitter));
  if (!netem.distribution.empty()) text += " by a table";
  if (netem.bursts) {
    text +=
        fmt::format(" loss gemodel p {} r {} good {} bad {}", to_string(netem.bursts->p), to_string(netem.bursts->r),
                    to_string(netem.bursts->loss_good), to_string(netem.bursts->loss_bad));
  }
  const std::pair<const char*, Probability> chances[] = {
      {"loss", netem.loss}, {"duplicate", netem.duplicate}, {"reorder", netem.reorder}, {"corrupt", netem.corrupt}};
  for (const auto& [name, chance] : chances) {
    if (chance.value > 0) text += fmt::format(" {} {}", name, to_string(chance));
  }
  if (netem.seed) text += fmt::format(" seed {}", *netem.seed);
  return text;
}

}  // namespace geomx::shaper

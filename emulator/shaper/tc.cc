#include "emulator/shaper/tc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

}  // namespace

Bytes tbf_burst(BitsPerSecond rate, int mtu) {
  const auto frame = static_cast<std::uint64_t>(mtu) + kEthernetHeader;
  return {std::min<std::uint64_t>(frame + rate.value / 8 / 1000, std::max<std::uint64_t>(128 << 10, 2 * frame))};
}

std::optional<std::string> tc_obstacle(const Direction& direction) {
  if (direction.jitter.count() > 0) return "tc does not keep the order of packets under jitter";
  if (direction.rate && direction.loss > 0) return "tc would lose packets before the rate instead of after it";
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
  if (direction.loss > 0) {
    kinds.emplace_back(netlink::Tbf{kSegmenterRate, Bytes{frame}, kSegmenterLimit});
  }
  if (direction.delay.count() > 0 || direction.loss > 0) {
    netlink::Netem netem;
    netem.limit = kUnbounded;
    netem.delay = direction.delay;
    netem.loss = Probability{direction.loss};
    if (direction.loss > 0) netem.seed = direction.seed;
    kinds.emplace_back(netem);
  }
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
         std::abs(has.loss.value - netem.loss.value) < 1e-8 && (!netem.seed || has.seed == netem.seed);
}

std::string describe(const netlink::QdiscKind& kind) {
  if (const auto* tbf = std::get_if<netlink::Tbf>(&kind)) {
    return fmt::format("tbf rate {} burst {} limit {}", to_string(tbf->rate), to_string(tbf->burst),
                       to_string(Bytes{tbf->limit}));
  }
  const auto& netem = std::get<netlink::Netem>(kind);
  std::string text = fmt::format("netem delay {}", to_string(netem.delay));
  if (netem.loss.value > 0) text += fmt::format(" loss {}", to_string(netem.loss));
  if (netem.seed) text += fmt::format(" seed {}", *netem.seed);
  return text;
}

}  // namespace geomx::shaper

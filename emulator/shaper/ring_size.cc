#include "emulator/shaper/ring_size.h"

#include <algorithm>

namespace geomx::shaper {
namespace {

constexpr std::uint64_t kBudget = 128 << 20;  // of a lab, in bytes
constexpr std::uint32_t kSmallSlot = 2048;    // one full-sized frame
constexpr std::uint32_t kMediumSlot = 8192;   // a super-frame of five
constexpr BitsPerSecond kSlow{100'000'000};
constexpr BitsPerSecond kFast{1'000'000'000};
constexpr Nanoseconds kTime = std::chrono::milliseconds(50);
constexpr std::uint32_t kLeastSlots = 1024;
constexpr std::uint32_t kMostSlots = 4096;
constexpr std::uint32_t kFewest = 64;  // whatever the share: with less no link is of use

}  // namespace

RingSize ring_size(const Direction& direction, int mtu, int links) {
  RingSize size{kLeastSlots, kWholeSuperFrame};
  if (const auto rate = peak_rate(direction); rate && rate->value > 0 && *rate <= kFast) {
    size.slot_bytes = *rate <= kSlow ? kSmallSlot : kMediumSlot;
    const Nanoseconds each = transmission_time(Bytes{1514}, *rate);
    size.slots = std::clamp(static_cast<std::uint32_t>(kTime / each), kLeastSlots, kMostSlots);
  }
  const auto frame = static_cast<std::uint32_t>(mtu) + 14 + 8;  // an Ethernet header and two VLAN tags
  std::uint32_t least = kSmallSlot;
  while (ring_frame_bytes(least) < frame) least *= 2;

  const std::uint64_t share = kBudget / 2 / static_cast<std::uint64_t>(std::max(links, 1));
  while (size.slot_bytes > least && std::uint64_t{size.slots} * size.slot_bytes > share) size.slot_bytes /= 2;
  size.slot_bytes = std::max(size.slot_bytes, least);
  size.slots = static_cast<std::uint32_t>(
      std::max<std::uint64_t>(std::min<std::uint64_t>(size.slots, share / size.slot_bytes), kFewest));
  return size;
}

}  // namespace geomx::shaper

#include "emulator/shaper/twins.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "emulator/netlink/packet_queue.h"
#include "emulator/shaper/frame_bytes.h"

namespace geomx::shaper {
namespace {

constexpr std::size_t kIpv4Header = 20;

}  // namespace

Likeness likeness_of(std::span<const std::byte> packet, Nanoseconds stamp) {
  std::size_t size = std::min<std::size_t>(packet.size(), netlink::kQueuedBytes);
  // A short frame may be padded beyond its packet. Super-frames of more than 64 KiB say that they are 0 bytes long.
  if (size >= kIpv4Header && load16(&packet[2]) != 0) size = std::min<std::size_t>(size, load16(&packet[2]));
  const std::string_view bytes(reinterpret_cast<const char*>(packet.data()), size);
  return {std::chrono::duration_cast<std::chrono::microseconds>(stamp), std::hash<std::string_view>()(bytes)};
}

bool Sightings::take(const Likeness& likeness) {
  const auto found = seen_.find(likeness);
  if (found == seen_.end()) return false;
  seen_.erase(found);
  return true;
}

bool Doubtful::remove(const Likeness& likeness) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.likeness == likeness; });
  if (found == entries_.end()) return false;
  entries_.erase(found);
  return true;
}

}  // namespace geomx::shaper

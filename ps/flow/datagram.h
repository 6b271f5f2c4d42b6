#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ps/flow/seal.h"

namespace geomx::ps {

// One datagram of DGT's unreliable channels: a head, and a piece of a gradient. Little-endian:
//
//    0  u16 magic 0x4447   2  u8 version 1, sealed 2   3  u8 channel, from 1
//    4  u32 sender         packed NodeId
//    8  u64 stream         of this sender to this receiver: a random number
//   16  u64 sequence       of the stream's datagrams in this channel, from 1
//   24  u64 turn           which push of the chunk, from 1
//   32  u32 key           36  u32 piece      0xffffffff: none, the mark behind a push's last piece
//   40  u64 offset         of the chunk, in elements
//   48  float[]            the piece: 1 to Blocks::kLongestPiece of them
//
// Sealed (seal.h), a tag follows.
struct Datagram {
  static constexpr std::size_t kHead = 48;
  static constexpr std::uint32_t kMark = 0xffffffff;

  std::uint8_t channel = 0;
  std::uint32_t sender = 0;
  std::uint64_t stream = 0;
  std::uint64_t sequence = 0;
  std::uint64_t turn = 0;
  std::uint32_t key = 0;
  std::uint32_t piece = 0;
  std::uint64_t offset = 0;
  std::vector<float> values{};
  bool operator==(const Datagram&) const = default;
};

// `values` travel, and not the datagram's own. `seal`: null where nothing is sealed.
std::vector<std::uint8_t> encode_datagram(const Datagram& head, std::span<const float> values, const Seal* seal);
// Reads whatever the network brings. nullopt: malformed, or, with a seal, not sealed by it.
std::optional<Datagram> decode_datagram(std::span<const std::uint8_t> bytes, const Seal* seal);

}  // namespace geomx::ps

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace geomx::ps {

// One datagram of DGT's unreliable channels: a header, and a piece of a gradient. Little-endian:
//
//    0  u16 magic 0x4447   2  u8 version 1   3  u8 channel, from 1
//    4  u32 sender         packed NodeId
//    8  u64 sequence       of the sender's datagrams in this channel to this receiver, from 1
//   16  u64 turn           which push of the chunk, from 1
//   24  u32 key           28  u32 piece      0xffffffff: none, the mark behind a push's last piece
//   32  u64 offset         of the chunk, in elements
//   40  float[]            the piece
//
// Sealed, the header is authenticated and stays
// readable, the floats are encrypted, and a tag of 16 bytes follows.
struct Datagram {
  static constexpr std::size_t kHeader = 40;
  static constexpr std::uint32_t kMark = 0xffffffff;

  std::uint8_t channel = 0;
  std::uint32_t sender = 0;
  std::uint64_t sequence = 0;
  std::uint64_t turn = 0;
  std::uint32_t key = 0;
  std::uint32_t piece = 0;
  std::uint64_t offset = 0;
  std::vector<float> values{};
  bool operator==(const Datagram&) const = default;
};

// A key of ChaCha20-Poly1305 (RFC 8439), for the datagrams of one sender to one receiver in one run: made by the
// receiver and given over a connection that is itself encrypted.
struct SealKey {
  static constexpr std::size_t kBytes = 32;
  std::array<std::uint8_t, kBytes> bytes{};

  static SealKey random();
  static std::optional<SealKey> from(const std::string& bytes);  // nullopt: of the wrong length
  std::string to_string() const { return {bytes.begin(), bytes.end()}; }
};

// `key`: null where nothing is sealed.
std::vector<std::uint8_t> encode_datagram(const Datagram& datagram, std::span<const float> values, const SealKey* key);
// Who says that he sent it, for the key to be found; nullopt: not a datagram of ours.
std::optional<std::uint32_t> sender_of(std::span<const std::uint8_t> bytes);
// nullopt: malformed, or, with a key, not sealed by it.
std::optional<Datagram> decode_datagram(std::span<const std::uint8_t> bytes, const SealKey* key);

}  // namespace geomx::ps

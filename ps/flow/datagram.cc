#include "ps/flow/datagram.h"

#include <bit>
#include <cstring>

#include "ps/flow/blocks.h"

namespace geomx::ps {
namespace {

static_assert(std::endian::native == std::endian::little, "datagrams are written as they lie in memory");

constexpr std::uint16_t kMagic = 0x4447;
constexpr std::uint8_t kPlain = 1;
constexpr std::uint8_t kSealed = 2;

template <typename T>
void put(std::uint8_t* bytes, std::size_t at, T value) {
  std::memcpy(bytes + at, &value, sizeof value);
}
template <typename T>
T get(std::span<const std::uint8_t> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// A channel's sequence never repeats within a stream.
Seal::Nonce nonce_of(const Datagram& datagram) {
  Seal::Nonce nonce{};
  put(nonce.data(), 0, datagram.stream);
  put(nonce.data(), 8, datagram.sequence);
  put(nonce.data(), 16, datagram.sender);
  put(nonce.data(), 20, datagram.channel);
  return nonce;
}

}  // namespace

std::vector<std::uint8_t> encode_datagram(const Datagram& head, std::span<const float> values, const Seal* seal) {
  const std::size_t payload = values.size_bytes();
  std::vector<std::uint8_t> bytes(Datagram::kHead + payload + (seal != nullptr ? Seal::kTag : 0));
  put(bytes.data(), 0, kMagic);
  put(bytes.data(), 2, seal != nullptr ? kSealed : kPlain);
  put(bytes.data(), 3, head.channel);
  put(bytes.data(), 4, head.sender);
  put(bytes.data(), 8, head.stream);
  put(bytes.data(), 16, head.sequence);
  put(bytes.data(), 24, head.turn);
  put(bytes.data(), 32, head.key);
  put(bytes.data(), 36, head.piece);
  put(bytes.data(), 40, head.offset);
  std::uint8_t* const body = bytes.data() + Datagram::kHead;
  if (payload > 0) std::memcpy(body, values.data(), payload);
  if (seal != nullptr) {
    seal->close({bytes.data(), Datagram::kHead}, {body, payload}, body + payload, nonce_of(head));
  }
  return bytes;
}

std::optional<Datagram> decode_datagram(std::span<const std::uint8_t> bytes, const Seal* seal) {
  const std::size_t overhead = Datagram::kHead + (seal != nullptr ? Seal::kTag : 0);
  if (bytes.size() < overhead || get<std::uint16_t>(bytes, 0) != kMagic) return std::nullopt;
  if (bytes[2] != (seal != nullptr ? kSealed : kPlain)) return std::nullopt;
  const std::size_t payload = bytes.size() - overhead;
  if (payload % sizeof(float) != 0 || payload > Blocks::kLongestPiece * sizeof(float)) return std::nullopt;
  Datagram datagram;
  datagram.channel = bytes[3];
  datagram.sender = get<std::uint32_t>(bytes, 4);
  datagram.stream = get<std::uint64_t>(bytes, 8);
  datagram.sequence = get<std::uint64_t>(bytes, 16);
  datagram.turn = get<std::uint64_t>(bytes, 24);
  datagram.key = get<std::uint32_t>(bytes, 32);
  datagram.piece = get<std::uint32_t>(bytes, 36);
  datagram.offset = get<std::uint64_t>(bytes, 40);
  const bool mark = datagram.piece == Datagram::kMark;
  if (datagram.channel == 0 || datagram.sequence == 0 || datagram.turn == 0 || mark != (payload == 0)) {
    return std::nullopt;
  }
  datagram.values.resize(payload / sizeof(float));
  auto* const plain = reinterpret_cast<std::uint8_t*>(datagram.values.data());
  const std::span<const std::uint8_t> body = bytes.subspan(Datagram::kHead);
  if (seal == nullptr) {
    if (payload > 0) std::memcpy(plain, body.data(), payload);
  } else if (!seal->open(bytes.first(Datagram::kHead), body, plain, nonce_of(datagram))) {
    return std::nullopt;
  }
  return datagram;
}

}  // namespace geomx::ps

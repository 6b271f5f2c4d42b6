#include "ps/flow/datagram.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "ps/config/error.h"
#include "ps/flow/blocks.h"

namespace geomx::ps {
namespace {

static_assert(std::endian::native == std::endian::little, "datagrams are written as they lie in memory");
static_assert(SealKey::kBytes == crypto_aead_chacha20poly1305_IETF_KEYBYTES);

constexpr std::uint16_t kMagic = 0x4447;
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kTag = crypto_aead_chacha20poly1305_IETF_ABYTES;

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

// A channel's sequence never repeats, and a key is for one sender.
std::array<std::uint8_t, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce_of(std::uint8_t channel,
                                                                               std::uint64_t sequence) {
  std::array<std::uint8_t, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce{};
  put(nonce.data(), 0, std::uint32_t{channel});
  put(nonce.data(), sizeof(std::uint32_t), sequence);
  return nonce;
}

void start_sodium() {
  static const int started = sodium_init();
  if (started < 0) throw Error("libsodium cannot start: it finds no random numbers");
}

}  // namespace

SealKey SealKey::random() {
  start_sodium();
  SealKey key;
  randombytes_buf(key.bytes.data(), key.bytes.size());
  return key;
}

std::optional<SealKey> SealKey::from(const std::string& bytes) {
  if (bytes.size() != kBytes) return std::nullopt;
  SealKey key;
  std::copy(bytes.begin(), bytes.end(), key.bytes.begin());
  return key;
}

std::vector<std::uint8_t> encode_datagram(const Datagram& datagram, std::span<const float> values, const SealKey* key) {
  const std::size_t payload = values.size_bytes();
  std::vector<std::uint8_t> bytes(Datagram::kHeader + payload + (key != nullptr ? kTag : 0));
  std::uint8_t* head = bytes.data();
  put(head, 0, kMagic);
  put(head, 2, kVersion);
  put(head, 3, datagram.channel);
  put(head, 4, datagram.sender);
  put(head, 8, datagram.sequence);
  put(head, 16, datagram.turn);
  put(head, 24, datagram.key);
  put(head, 28, datagram.piece);
  put(head, 32, datagram.offset);
  std::uint8_t* body = head + Datagram::kHeader;
  if (payload > 0) std::memcpy(body, values.data(), payload);
  if (key != nullptr) {
    start_sodium();
    const auto nonce = nonce_of(datagram.channel, datagram.sequence);
    crypto_aead_chacha20poly1305_ietf_encrypt(body, nullptr, body, payload, head, Datagram::kHeader, nullptr,
                                              nonce.data(), key->bytes.data());
  }
  return bytes;
}

std::optional<std::uint32_t> sender_of(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < Datagram::kHeader || get<std::uint16_t>(bytes, 0) != kMagic || bytes[2] != kVersion) {
    return std::nullopt;
  }
  return get<std::uint32_t>(bytes, 4);
}

std::optional<Datagram> decode_datagram(std::span<const std::uint8_t> bytes, const SealKey* key) {
  const std::size_t overhead = Datagram::kHeader + (key != nullptr ? kTag : 0);
  if (!sender_of(bytes) || bytes.size() < overhead) return std::nullopt;
  const std::size_t payload = bytes.size() - overhead;
  if (payload % sizeof(float) != 0 || payload > Blocks::kLongestPiece * sizeof(float)) return std::nullopt;
  Datagram datagram;
  datagram.channel = bytes[3];
  datagram.sender = get<std::uint32_t>(bytes, 4);
  datagram.sequence = get<std::uint64_t>(bytes, 8);
  datagram.turn = get<std::uint64_t>(bytes, 16);
  datagram.key = get<std::uint32_t>(bytes, 24);
  datagram.piece = get<std::uint32_t>(bytes, 28);
  datagram.offset = get<std::uint64_t>(bytes, 32);
  if (datagram.channel == 0 || datagram.sequence == 0 || (datagram.piece == Datagram::kMark) != (payload == 0)) {
    return std::nullopt;
  }
  datagram.values.resize(payload / sizeof(float));
  const std::span<const std::uint8_t> body = bytes.subspan(Datagram::kHeader);
  if (key == nullptr) {
    if (payload > 0) std::memcpy(datagram.values.data(), body.data(), payload);
    return datagram;
  }
  start_sodium();
  const auto nonce = nonce_of(datagram.channel, datagram.sequence);
  auto* plain = reinterpret_cast<std::uint8_t*>(datagram.values.data());
  std::uint8_t nothing = 0;
  if (crypto_aead_chacha20poly1305_ietf_decrypt(payload > 0 ? plain : &nothing, nullptr, nullptr, body.data(),
                                                body.size(), bytes.data(), Datagram::kHeader, nonce.data(),
                                                key->bytes.data()) != 0) {
    return std::nullopt;
  }
  return datagram;
}

}  // namespace geomx::ps

#include "ps/flow/seal.h"

#include <sodium.h>

#include <algorithm>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

static_assert(Seal::kKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(Seal::kTag == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(Seal::kNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

void start_sodium() {
  static const int started = sodium_init();
  if (started < 0) throw Error("libsodium cannot start: it finds no random numbers");
}

}  // namespace

Seal::Seal(const std::string& key) {
  start_sodium();
  if (key.size() != kKeyBytes) throw Error("a key of " + std::to_string(key.size()) + " bytes for datagrams, not 32");
  std::copy(key.begin(), key.end(), key_.begin());
}

void Seal::close(std::span<const std::uint8_t> head, std::span<std::uint8_t> body, std::uint8_t* tag,
                 const Nonce& nonce) const {
  crypto_aead_xchacha20poly1305_ietf_encrypt_detached(body.data(), tag, nullptr, body.data(), body.size(), head.data(),
                                                      head.size(), nullptr, nonce.data(), key_.data());
}

bool Seal::open(std::span<const std::uint8_t> head, std::span<const std::uint8_t> body_and_tag, std::uint8_t* plain,
                const Nonce& nonce) const {
  if (body_and_tag.size() < kTag) return false;
  const std::size_t size = body_and_tag.size() - kTag;
  return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(plain, nullptr, body_and_tag.data(), size,
                                                             body_and_tag.data() + size, head.data(), head.size(),
                                                             nonce.data(), key_.data()) == 0;
}

std::string Seal::fingerprint() const {
  std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
  static constexpr std::array<std::uint8_t, 9> kPurpose{'d', 'a', 't', 'a', 'g', 'r', 'a', 'm', 's'};
  crypto_generichash(hash.data(), hash.size(), kPurpose.data(), kPurpose.size(), key_.data(), key_.size());
  return {hash.begin(), hash.end()};
}

std::uint64_t random_number() {
  start_sodium();
  std::uint64_t number = 0;
  randombytes_buf(&number, sizeof number);
  return number;
}

}  // namespace geomx::ps

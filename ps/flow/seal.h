#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace geomx::ps {

// What seals datagrams: XChaCha20-Poly1305 (libsodium's crypto_aead_xchacha20poly1305_ietf) with a key that all nodes
// of a run share. A sealed datagram's head stays readable and cannot be altered; its body is encrypted, and a tag of
// kTag bytes follows.
//
// Threading: immutable.
class Seal {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  static constexpr std::size_t kTag = 16;
  static constexpr std::size_t kNonceBytes = 24;
  using Nonce = std::array<std::uint8_t, kNonceBytes>;

  // `key`: kKeyBytes bytes. Throws Error.
  explicit Seal(const std::string& key);

  // `body` is encrypted where it is; `tag` has kTag bytes. A nonce must never be used twice with a key.
  void close(std::span<const std::uint8_t> head, std::span<std::uint8_t> body, std::uint8_t* tag,
             const Nonce& nonce) const;
  // The body, decrypted into `plain`, which has so many bytes as `body` has before its tag; false: another key's, or
  // altered.
  bool open(std::span<const std::uint8_t> head, std::span<const std::uint8_t> body_and_tag, std::uint8_t* plain,
            const Nonce& nonce) const;

  // Tells keys from each other, and nothing about them.
  std::string fingerprint() const;

 private:
  std::array<std::uint8_t, kKeyBytes> key_{};
};

// From the system's random numbers.
std::uint64_t random_number();

}  // namespace geomx::ps

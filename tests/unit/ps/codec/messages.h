#pragma once

#include <cstddef>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "ps/codec/codec.h"
#include "ps/config/error.h"

namespace geomx::ps::testing {

inline std::vector<float> normal(std::size_t n, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(n);
  for (float& value : values) value = distribution(random);
  return values;
}

// One message, in room of just the size that the encoder asks for.
inline std::vector<std::byte> encoded(const Encoder& encoder, std::span<const float> values, SliceState& state) {
  std::vector<std::byte> message(encoder.most_bytes(values.size()));
  message.resize(encoder.encode(values, state, message));
  return message;
}

inline std::vector<std::byte> encoded(const Encoder& encoder, std::span<const float> values) {
  SliceState state;
  return encoded(encoder, values, state);
}

inline std::vector<float> decoded(Format format, std::span<const std::byte> message, std::size_t length) {
  std::vector<float> values(length, -1);
  decode(format, message, values);
  return values;
}

// What check() says of a message; and what it refuses, the readers refuse with the same words, touching nothing.
inline std::string refusal(Format format, std::span<const std::byte> message, std::size_t length) {
  std::string said = "accepted";
  try {
    check(format, message, length);
  } catch (const Error& error) {
    said = error.what();
  }
  const auto says = [&](auto reader) {
    std::vector<float> target(length, 42);
    try {
      reader(format, message, std::span<float>(target));
      return std::string("accepted");
    } catch (const Error& error) {
      for (const float value : target) {
        if (value != 42) return "wrote, then refused: " + std::string(error.what());
      }
      return std::string(error.what());
    }
  };
  if (const std::string decoding = says(decode); decoding != said) return decoding + ", where check: " + said;
  if (const std::string adding = says(add); adding != said) return adding + ", where check: " + said;
  return said;
}

}  // namespace geomx::ps::testing

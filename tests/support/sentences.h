#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "trainer/tensor/random.h"

namespace geomx::test {

// A text that a model can learn something of: sentences out of a few words, drawn at random.
inline std::string sentences(std::size_t bytes, std::uint64_t seed) {
  constexpr std::array<std::string_view, 6> kWho{"the worker",  "a server",  "the scheduler",
                                                 "every party", "a gateway", "the master"};
  constexpr std::array<std::string_view, 5> kDoes{"sends", "waits for", "adds up", "forgets", "measures"};
  constexpr std::array<std::string_view, 6> kWhat{"a gradient",    "the last round", "many packets",
                                                  "its own clock", "the next layer", "nothing at all"};
  trainer::Random random(seed);
  const auto one_of = [&](const auto& words) { return words[random.below(words.size())]; };
  std::string text;
  while (text.size() < bytes) {
    text += one_of(kWho);
    text += ' ';
    text += one_of(kDoes);
    text += ' ';
    text += one_of(kWhat);
    text += random.below(2) == 0 ? ". " : ".\n";
  }
  text.resize(bytes);
  return text;
}

// Of its bytes, each by itself, in nats: the loss of a model that knows how frequent each is and nothing else.
inline double unigram_entropy(std::string_view text) {
  std::array<std::size_t, 256> counts{};
  for (const char byte : text) ++counts[static_cast<unsigned char>(byte)];
  double entropy = 0;
  for (const std::size_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(text.size());
    entropy -= share * std::log(share);
  }
  return entropy;
}

}  // namespace geomx::test

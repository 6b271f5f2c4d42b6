#pragma once

#include <array>
#include <cstddef>

namespace geomx::trainer {

// x/255 of every byte: a table in place of a division per value; the same bits. Internal to this folder.
inline constexpr std::array<float, 256> kFraction = [] {
  std::array<float, 256> fraction{};
  for (std::size_t value = 0; value < fraction.size(); ++value) fraction[value] = static_cast<float>(value) / 255.0f;
  return fraction;
}();

}  // namespace geomx::trainer

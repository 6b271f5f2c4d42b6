#include "ps/flow/four_bits.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace geomx::ps {
namespace {

constexpr float kSteps = 7;
constexpr int kZero = 8;  // as which 0 is written

}  // namespace

void encode_four_bits(std::span<const float> values, std::span<float> rest, std::span<std::uint8_t> out) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  const float step = largest / kSteps;
  std::memcpy(out.data(), &step, sizeof step);
  const std::span<std::uint8_t> halves = out.subspan(sizeof step);
  std::fill(halves.begin(), halves.end(), std::uint8_t{0});
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float steps = step > 0 ? std::clamp(std::round(values[i] / step), -kSteps, kSteps) : 0;
    rest[i] = values[i] - steps * step;
    const auto half = static_cast<unsigned>(static_cast<int>(steps) + kZero);
    halves[i / 2] = static_cast<std::uint8_t>(halves[i / 2] | (half << (i % 2 == 0 ? 0 : 4)));
  }
}

void decode_four_bits(std::span<const std::uint8_t> in, std::span<float> values) {
  float step = 0;
  std::memcpy(&step, in.data(), sizeof step);
  const std::span<const std::uint8_t> halves = in.subspan(sizeof step);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const unsigned half = (halves[i / 2] >> (i % 2 == 0 ? 0 : 4)) & 0xfu;
    values[i] = static_cast<float>(static_cast<int>(half) - kZero) * step;
  }
}

}  // namespace geomx::ps

#include "ps/codec/twobit.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

#include "ps/codec/kernels.h"
#include "ps/codec/room.h"
#include "ps/config/error.h"

namespace geomx::ps {
namespace {

constexpr std::size_t kHeader = sizeof(float);

bool is_threshold(float value) {
  return value > 0 && value < std::numeric_limits<float>::infinity();  // not NaN
}

std::size_t size_of(std::size_t length) {
  return kHeader + (length + 3) / 4;
}

float threshold_of(std::span<const std::byte> message) {
  float threshold;
  std::memcpy(&threshold, message.data(), sizeof threshold);
  return threshold;
}

// Lower bits without their upper one: the code 01, which is none.
unsigned strays(std::byte codes) {
  const auto byte = std::to_integer<unsigned>(codes);
  return byte & ~(byte >> 1U) & 0x55U;
}

}  // namespace

TwoBit::TwoBit(float threshold) : threshold_(threshold) {
  if (is_threshold(threshold)) return;
  std::ostringstream line;
  line << "2bit: threshold is " << threshold << ", must be more than 0 and finite";
  throw Error(line.str());
}

std::size_t TwoBit::most_bytes(std::size_t length) const {
  return size_of(length);
}

std::size_t TwoBit::encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const {
  require_room(message, most_bytes(values.size()));
  if (!all_finite(Format::fp32, std::as_bytes(values))) {
    throw Error("2bit: a slice with NaN or infinity in it, which 2 bits cannot say");
  }
  require_memory(state.residual, values.size());
  std::memcpy(message.data(), &threshold_, sizeof threshold_);
  kernels().to_twobit(values.data(), state.residual.data(), threshold_, message.data() + kHeader, values.size());
  ++state.messages;
  return size_of(values.size());
}

void check_twobit(std::span<const std::byte> message, std::size_t length) {
  if (message.size() != size_of(length)) {
    throw Error("a 2bit slice of " + std::to_string(message.size()) + " bytes, where " +
                std::to_string(size_of(length)) + " are wanted");
  }
  if (!is_threshold(threshold_of(message))) {
    std::ostringstream line;
    line << "a 2bit slice whose threshold is " << threshold_of(message) << ", which is not a number above 0";
    throw Error(line.str());
  }
  const std::span<const std::byte> codes = message.subspan(kHeader);
  unsigned found = 0;
  for (const std::byte byte : codes) found |= strays(byte);
  if (found != 0) throw Error("a 2bit slice with the code 01, which means nothing");
  const std::size_t filling = 2 * (4 * codes.size() - length);  // bits
  if (!codes.empty() && (std::to_integer<unsigned>(codes.back()) & ((1U << filling) - 1)) != 0) {
    throw Error("a 2bit slice with more codes than its " + std::to_string(length) + " elements");
  }
}

void decode_twobit(std::span<const std::byte> message, std::span<float> values) {
  check_twobit(message, values.size());
  std::fill(values.begin(), values.end(), 0.0F);
  kernels().add_twobit(message.data() + kHeader, threshold_of(message), values.data(), values.size());
}

void add_twobit(std::span<const std::byte> message, std::span<float> sums) {
  check_twobit(message, sums.size());
  kernels().add_twobit(message.data() + kHeader, threshold_of(message), sums.data(), sums.size());
}

}  // namespace geomx::ps

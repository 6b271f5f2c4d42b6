#include "ps/codec/kernels.h"

#include "ps/codec/portable.h"

namespace geomx::ps {
namespace {

void add_float(const std::byte* message, float* sums, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    float value;
    std::memcpy(&value, message + sizeof value * i, sizeof value);
    sums[i] += value;
  }
}

std::size_t find(const float* values, std::size_t n, std::uint32_t least, std::uint32_t* found) {
  return portable::find(values, 0, n, least, found, 0);
}
std::size_t accumulate(const float* g, float* v, std::size_t n, std::uint32_t least, std::uint32_t* found) {
  return portable::accumulate(g, v, 0, n, least, found, 0);
}
std::size_t accumulate_with_momentum(const float* g, float* u, float* v, float momentum, std::size_t n,
                                     std::uint32_t least, std::uint32_t* found) {
  return portable::accumulate_with_momentum(g, u, v, momentum, 0, n, least, found, 0);
}

constexpr Kernels kPortable{
    .name = "portable",
    .to_half = portable::to_16<to_half>,
    .to_bfloat = portable::to_16<to_bfloat>,
    .from_half = portable::from_16<from_half>,
    .from_bfloat = portable::from_16<from_bfloat>,
    .add_half = portable::add_16<from_half>,
    .add_bfloat = portable::add_16<from_bfloat>,
    .add_float = add_float,
    .find = find,
    .accumulate = accumulate,
    .accumulate_with_momentum = accumulate_with_momentum,
    .to_twobit = portable::to_twobit,
    .add_twobit = portable::add_twobit,
};

}  // namespace

const Kernels& portable_kernels() {
  return kPortable;
}

const Kernels& kernels() {
  static const Kernels& best = avx2_kernels() != nullptr ? *avx2_kernels() : kPortable;
  return best;
}

}  // namespace geomx::ps

#include "ps/codec/bisparse.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <sstream>
#include <vector>

#include "ps/codec/kernels.h"
#include "ps/codec/room.h"
#include "ps/codec/selection.h"
#include "ps/config/error.h"

namespace geomx::ps {
namespace {

// Of the sample, this many are to be among the k largest: with more, the look at places all over a slice that is out of
// the caches takes longer than it saves...
constexpr double kSampleHits = 8;
constexpr std::size_t kLeastSample = 512;
constexpr std::size_t kLeastStride = 4;  // so that a sample takes less time than the rest, however small the ratio
// ... and by this many standard deviations more elements are gathered than k: fewer than k a few times in a thousand.
constexpr double kMargin = 3;

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t limit) {  // limit < 2^32
    state_ += 0x9e3779b97f4a7c15u;
    std::uint64_t mixed = (state_ ^ (state_ >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return ((mixed >> 32) * limit) >> 32;
  }

 private:
  std::uint64_t state_;
};

// What encode() works on: the slice and what is remembered of it.
struct Slice {
  std::span<const float> g;
  float* u;  // nullptr: no momentum correction
  float* v;
  float momentum;

  // v after this message's update, before which it is called.
  float updated(std::size_t i) const { return v[i] + (u == nullptr ? g[i] : momentum * u[i] + g[i]); }
};

// A magnitude that a few more than k elements should reach; at least 1, which all but zeros do.
std::uint32_t estimated_threshold(const Slice& slice, std::size_t k, std::uint64_t seed) {
  const std::size_t n = slice.g.size();
  const double share = static_cast<double>(k) / static_cast<double>(n);
  const auto wanted = std::max(kLeastSample, static_cast<std::size_t>(kSampleHits / share));
  if (n < kLeastStride * kLeastSample) return 1;
  const std::size_t stride = std::max(n / wanted, kLeastStride);
  // One from each run of `stride` elements: spread more evenly than places drawn at random.
  std::vector<std::uint32_t> sample(n / stride);
  Random random(seed);
  for (std::size_t i = 0; i < sample.size(); ++i) {
    sample[i] = magnitude_of(slice.updated(i * stride + random.below(stride)));
  }
  const double hits = share * static_cast<double>(sample.size());
  const auto rank = static_cast<std::size_t>(hits + kMargin * std::sqrt(hits * (1 - share)));
  if (rank >= sample.size()) return 1;
  return std::max(select_largest(sample, rank + 1).value, 1U);
}

std::size_t update(const Slice& slice, std::uint32_t least, std::uint32_t* found) {
  const std::size_t n = slice.g.size();
  if (slice.u == nullptr) return kernels().accumulate(slice.g.data(), slice.v, n, least, found);
  return kernels().accumulate_with_momentum(slice.g.data(), slice.u, slice.v, slice.momentum, n, least, found);
}

// Leaves in `found` the k whose values are largest, in their order. Of equal ones the first stay.
void keep_largest(const float* v, std::span<std::uint32_t> found, std::size_t k) {
  std::vector<std::uint32_t> magnitudes(found.size());
  std::transform(found.begin(), found.end(), magnitudes.begin(), [v](std::uint32_t i) { return magnitude_of(v[i]); });
  const Selected last = select_largest(magnitudes, k);
  std::size_t ties = last.ties;
  std::size_t kept = 0;
  for (const std::uint32_t i : found) {  // without a branch: nobody can predict which are kept
    const std::uint32_t magnitude = magnitude_of(v[i]);
    const std::size_t tie = static_cast<std::size_t>(magnitude == last.value) & static_cast<std::size_t>(ties > 0);
    ties -= tie;
    found[kept] = i;
    kept += static_cast<std::size_t>(magnitude > last.value) | tie;
  }
}

}  // namespace

BiSparse::BiSparse(const BiSparseSettings& settings) : settings_(settings) {
  std::ostringstream line;
  // Written so that NaN fails.
  if (!(settings.ratio > 0 && settings.ratio <= 1)) {
    line << "bisparse: ratio is " << settings.ratio << ", must be more than 0 and at most 1";
  } else if (!(settings.momentum >= 0 && settings.momentum < 1)) {
    line << "bisparse: momentum is " << settings.momentum << ", must be in [0, 1)";
  }
  if (!line.str().empty()) throw Error(line.str());
}

std::size_t BiSparse::most_elements(std::size_t length) const {
  if (length == 0) return 0;
  const auto rounded = static_cast<std::size_t>(std::floor(settings_.ratio * static_cast<double>(length) + 0.5));
  return std::clamp<std::size_t>(rounded, 1, length);
}

std::size_t BiSparse::most_bytes(std::size_t length) const {
  return most_sparse_bytes(length, most_elements(length), settings_.values);
}

std::size_t BiSparse::encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const {
  const std::size_t n = values.size();
  require_indexable(n);
  require_room(message, most_bytes(n));
  require_memory(state.residual, n);
  if (settings_.momentum != 0) require_memory(state.velocity, n);
  const Slice slice{values, settings_.momentum != 0 ? state.velocity.data() : nullptr, state.residual.data(),
                    settings_.momentum};
  const std::size_t k = most_elements(n);
  const auto found = std::make_unique_for_overwrite<std::uint32_t[]>(n);
  const std::uint32_t least = n == 0 ? 1 : estimated_threshold(slice, k, state.messages);
  ++state.messages;
  std::size_t count = update(slice, least, found.get());
  if (count < k && least > 1) count = kernels().find(slice.v, n, 1, found.get());
  if (count > k) {
    keep_largest(slice.v, {found.get(), count}, k);
    count = k;
  }
  const std::span<const std::uint32_t> sent(found.get(), count);
  const std::size_t size = write_sparse(state.residual, sent, settings_.values, message);
  for (const std::uint32_t i : sent) {
    const float left = slice.v[i] - as_sent(slice.v[i], settings_.values);
    slice.v[i] = std::isfinite(left) ? left : 0.0F;  // NaN and infinity have been sent
    if (slice.u != nullptr) slice.u[i] = 0;
  }
  return size;
}

}  // namespace geomx::ps

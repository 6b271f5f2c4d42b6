#include "ps/codec/sparse_format.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "ps/codec/bit_stream.h"
#include "ps/codec/half.h"
#include "ps/config/error.h"

namespace geomx::ps {
namespace {

constexpr float kLargestHalf = 65504;

struct Header {
  std::uint32_t count = 0;
  std::uint8_t parameter = 0;
  std::uint8_t value_bytes = 0;
  std::uint16_t zero = 0;
};
static_assert(sizeof(Header) == kSparseHeader);

std::size_t bytes_of(SparseValues values) {
  return static_cast<std::size_t>(values);
}

// The gap before the index at `at`.
std::uint32_t gap(std::span<const std::uint32_t> indices, std::size_t at) {
  return at == 0 ? indices[0] : indices[at] - indices[at - 1] - 1;
}

// The parameter with the fewest bits, of the three at and below the logarithm of the mean gap.
unsigned best_parameter(std::span<const std::uint32_t> indices) {
  if (indices.empty()) return 0;
  const std::size_t count = indices.size();
  const std::uint64_t mean = (std::uint64_t{indices.back()} + 1 - count) / count;
  const auto most = std::min(static_cast<unsigned>(std::bit_width(mean)), kMostRiceParameter);
  unsigned best = most;
  std::uint64_t fewest = std::numeric_limits<std::uint64_t>::max();
  for (unsigned parameter = most - std::min(most, 2U); parameter <= most; ++parameter) {
    std::uint64_t bits = count * (1 + parameter) + (indices[0] >> parameter);
    for (std::size_t i = 1; i < count; ++i) bits += (indices[i] - indices[i - 1] - 1) >> parameter;
    if (bits < fewest) {
      fewest = bits;
      best = parameter;
    }
  }
  return best;
}

Header read_header(std::span<const std::byte> message) {
  Header header;
  if (message.size() < sizeof header) {
    throw Error("a sparse slice of " + std::to_string(message.size()) + " bytes, where " +
                std::to_string(sizeof header) + " are the least");
  }
  std::memcpy(&header, message.data(), sizeof header);
  return header;
}

float value_at(const std::byte* values, std::uint8_t value_bytes, std::size_t i) {
  if (value_bytes == 4) {
    float value;
    std::memcpy(&value, values + 4 * i, sizeof value);
    return value;
  }
  std::uint16_t half;
  std::memcpy(&half, values + 2 * i, sizeof half);
  return from_half(half);
}

// Calls visit(i, index) for every element that is sent. Throws Error where the message is not one of a slice of
// `length`, possibly after some calls.
template <typename Visit>
void walk(std::span<const std::byte> message, std::size_t length, const Visit& visit) {
  const Header header = read_header(message);
  if (header.count > length) {
    throw Error("a sparse slice with " + std::to_string(header.count) + " elements of " + std::to_string(length));
  }
  if (header.parameter > kMostRiceParameter) {
    throw Error("a sparse slice whose indices have parameter " + std::to_string(header.parameter) + ", where " +
                std::to_string(kMostRiceParameter) + " is the largest");
  }
  if ((header.value_bytes != 2 && header.value_bytes != 4) || header.zero != 0) {
    throw Error("a sparse slice whose header is not one: values of " + std::to_string(header.value_bytes) +
                " bytes, reserved bytes " + std::to_string(header.zero));
  }
  const std::uint64_t value_bytes = std::uint64_t{header.count} * header.value_bytes;
  if (message.size() - sizeof header < value_bytes) {
    throw Error("a sparse slice of " + std::to_string(message.size()) + " bytes, where the values of " +
                std::to_string(header.count) + " elements alone take " + std::to_string(value_bytes));
  }
  BitReader bits(message.subspan(sizeof header + value_bytes));
  std::uint64_t next = 0;  // the least index that may come
  for (std::uint32_t i = 0; i < header.count; ++i) {
    std::uint64_t between = 0;
    if (!bits.rice(header.parameter, length - next, between)) {
      throw Error("a sparse slice that is cut short, or whose index " + std::to_string(i) + " of " +
                  std::to_string(header.count) + " lies beyond its " + std::to_string(length) + " elements");
    }
    visit(i, static_cast<std::uint32_t>(next + between));
    next += between + 1;
  }
  if (!bits.finished()) throw Error("a sparse slice that goes on behind its last index");
}

std::vector<std::uint32_t> checked_indices(std::span<const std::byte> message, std::size_t length) {
  std::vector<std::uint32_t> indices;
  walk(message, length, [&](std::uint32_t, std::uint32_t index) { indices.push_back(index); });
  return indices;
}

// Of a message that has been checked.
template <typename Visit>
void for_each(std::span<const std::byte> message, std::span<const std::uint32_t> indices, const Visit& visit) {
  const Header header = read_header(message);
  const std::byte* values = message.data() + sizeof header;
  if (header.value_bytes == 4) {
    for (std::size_t i = 0; i < indices.size(); ++i) visit(indices[i], value_at(values, 4, i));
  } else {
    for (std::size_t i = 0; i < indices.size(); ++i) visit(indices[i], value_at(values, 2, i));
  }
}

}  // namespace

// Of c indices, the upper parts take at most (length - c) >> parameter bits in all. With the parameter that the mean
// gap has, that is at most c; so an index takes at most 3 + log2(length / c) bits, and all of them the more, the larger
// c is.
std::size_t most_sparse_bytes(std::size_t length, std::size_t count, SparseValues values) {
  const std::size_t bits = count == 0 ? 0 : count * (3 + static_cast<std::size_t>(std::bit_width(length / count)));
  return kSparseHeader + count * bytes_of(values) + (bits + 7) / 8 + 8;  // the writer writes 8 bytes at a time
}

float as_sent(float value, SparseValues values) {
  if (values == SparseValues::fp32) return value;
  if (std::isfinite(value)) value = std::clamp(value, -kLargestHalf, kLargestHalf);
  return from_half(to_half(value));
}

std::size_t write_sparse(std::span<const float> slice, std::span<const std::uint32_t> indices, SparseValues values,
                         std::span<std::byte> message) {
  Header header;
  header.count = static_cast<std::uint32_t>(indices.size());
  header.parameter = static_cast<std::uint8_t>(best_parameter(indices));
  header.value_bytes = static_cast<std::uint8_t>(values);
  std::memcpy(message.data(), &header, sizeof header);
  std::byte* next = message.data() + sizeof header;
  for (const std::uint32_t index : indices) {
    if (values == SparseValues::fp32) {
      std::memcpy(next, &slice[index], sizeof(float));
    } else {
      const std::uint16_t half = to_half(as_sent(slice[index], values));
      std::memcpy(next, &half, sizeof half);
    }
    next += bytes_of(values);
  }
  BitWriter bits(next);
  for (std::size_t i = 0; i < indices.size(); ++i) bits.rice(gap(indices, i), header.parameter);
  return static_cast<std::size_t>(next - message.data()) + bits.finish();
}

void check_sparse(std::span<const std::byte> message, std::size_t length) {
  walk(message, length, [](std::uint32_t, std::uint32_t) {});
}

void decode_sparse(std::span<const std::byte> message, std::span<float> values) {
  const std::vector<std::uint32_t> indices = checked_indices(message, values.size());
  std::fill(values.begin(), values.end(), 0.0F);
  for_each(message, indices, [&](std::uint32_t index, float value) { values[index] = value; });
}

void add_sparse(std::span<const std::byte> message, std::span<float> sums) {
  for_each(message, checked_indices(message, sums.size()),
           [&](std::uint32_t index, float value) { sums[index] += value; });
}

bool all_finite_sparse(std::span<const std::byte> message) {
  const Header header = read_header(message);
  bool finite = true;
  for (std::uint32_t i = 0; i < header.count; ++i) {
    finite = finite && std::isfinite(value_at(message.data() + sizeof header, header.value_bytes, i));
  }
  return finite;
}

}  // namespace geomx::ps

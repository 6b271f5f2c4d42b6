#include "ps/codec/codec.h"

#include <cstring>

#include "ps/codec/kernels.h"
#include "ps/codec/sparse_format.h"
#include "ps/codec/twobit.h"
#include "ps/config/error.h"

namespace geomx::ps {
namespace {

[[noreturn]] void refuse(Format format) {
  throw Error("a slice in format " + std::to_string(static_cast<unsigned>(format)) + ", which is unknown here");
}

// Of a dense format, else 0.
std::size_t bytes_per_element(Format format) {
  switch (format) {
    case Format::fp32:
      return 4;
    case Format::fp16:
    case Format::bf16:
      return 2;
    case Format::sparse:
    case Format::twobit:
      break;
  }
  return 0;
}

// No element's exponent is all ones.
template <typename Bits>
bool exponents_end(std::span<const std::byte> message, Bits exponent) {
  unsigned found = 0;
  for (std::size_t at = 0; at + sizeof(Bits) <= message.size(); at += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, message.data() + at, sizeof bits);
    found |= (bits & exponent) == exponent ? 1U : 0U;
  }
  return found == 0;
}

}  // namespace

std::string to_string(Format format) {
  switch (format) {
    case Format::fp32:
      return "fp32";
    case Format::fp16:
      return "fp16";
    case Format::bf16:
      return "bf16";
    case Format::sparse:
      return "sparse";
    case Format::twobit:
      return "2bit";
  }
  return "format " + std::to_string(static_cast<unsigned>(format));
}

void check(Format format, std::span<const std::byte> message, std::size_t length) {
  switch (format) {
    case Format::fp32:
    case Format::fp16:
    case Format::bf16:
      if (message.size() == bytes_per_element(format) * length) return;
      throw Error("a slice of " + std::to_string(message.size()) + " bytes in " + to_string(format) + ", where " +
                  std::to_string(bytes_per_element(format) * length) + " are wanted");
    case Format::sparse:
      return check_sparse(message, length);
    case Format::twobit:
      return check_twobit(message, length);
  }
  refuse(format);
}

void decode(Format format, std::span<const std::byte> message, std::span<float> values) {
  switch (format) {
    case Format::fp32:
      check(format, message, values.size());
      if (!values.empty()) std::memcpy(values.data(), message.data(), message.size());
      return;
    case Format::fp16:
      check(format, message, values.size());
      return kernels().from_half(message.data(), values.data(), values.size());
    case Format::bf16:
      check(format, message, values.size());
      return kernels().from_bfloat(message.data(), values.data(), values.size());
    case Format::sparse:
      return decode_sparse(message, values);
    case Format::twobit:
      return decode_twobit(message, values);
  }
  refuse(format);
}

void add(Format format, std::span<const std::byte> message, std::span<float> sums) {
  switch (format) {
    case Format::fp32:
      check(format, message, sums.size());
      return kernels().add_float(message.data(), sums.data(), sums.size());
    case Format::fp16:
      check(format, message, sums.size());
      return kernels().add_half(message.data(), sums.data(), sums.size());
    case Format::bf16:
      check(format, message, sums.size());
      return kernels().add_bfloat(message.data(), sums.data(), sums.size());
    case Format::sparse:
      return add_sparse(message, sums);
    case Format::twobit:
      return add_twobit(message, sums);
  }
  refuse(format);
}

bool all_finite(Format format, std::span<const std::byte> message) {
  switch (format) {
    case Format::fp32:
      return exponents_end<std::uint32_t>(message, 0x7f800000u);
    case Format::fp16:
      return exponents_end<std::uint16_t>(message, 0x7c00);
    case Format::bf16:
      return exponents_end<std::uint16_t>(message, 0x7f80);
    case Format::sparse:
      return all_finite_sparse(message);
    case Format::twobit:
      return true;
  }
  refuse(format);
}

}  // namespace geomx::ps

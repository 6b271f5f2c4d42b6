// The readers of encoded slices: whatever the bytes are, check() refuses them with an Error or decode() and add() take
// them, to the same effect; and what was sparse can be written again.
//
// Input: a byte for the format, two for the slice's length, then the message.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "ps/codec/codec.h"
#include "ps/codec/nonzeros.h"
#include "ps/config/error.h"

namespace {

using namespace geomx::ps;

constexpr std::size_t kHead = 3;

// Zeros of either sign are the same; NaN is as it is.
bool same(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && !(a[i] != a[i] && b[i] != b[i])) return false;
  }
  return true;
}

template <typename Read>
bool accepts(const Read& read) {
  try {
    read();
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kHead) return 0;
  const auto format = static_cast<Format>(data[0]);
  const std::size_t length = data[1] + std::size_t{256} * data[2];
  // A copy of its own, so that ASan sees a step over the end.
  std::vector<std::byte> message(size - kHead);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::byte>(data[kHead + i]);

  std::vector<float> values(length, 1), sums(length);
  const bool good = accepts([&] { check(format, message, length); });
  if (accepts([&] { decode(format, message, values); }) != good) std::abort();
  if (accepts([&] { add(format, message, sums); }) != good) std::abort();
  if (!good) return 0;
  if (!same(values, sums)) std::abort();
  all_finite(format, message);
  if (format == Format::sparse) {
    const NonZeros encoder;
    SliceState state;
    std::vector<std::byte> again(encoder.most_bytes(length));
    again.resize(encoder.encode(values, state, again));
    std::vector<float> read(length);
    decode(Format::sparse, again, read);
    if (!same(values, read)) std::abort();
  }
  return 0;
}

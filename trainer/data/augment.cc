#include "trainer/data/augment.h"

#include <algorithm>

#include "trainer/data/fraction.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr int kPadding = 4;

}  // namespace

Augment augment_kind(const std::string& name) {
  if (name == "none") return Augment::none;
  if (name == "flip-crop") return Augment::flip_crop;
  throw Error("--augment " + name + " is not known (none or flip-crop)");
}

Crop random_crop(Random& random) {
  const bool flip = random.below(2) == 1;
  const int down = static_cast<int>(random.below(2 * kPadding + 1)) - kPadding;
  const int right = static_cast<int>(random.below(2 * kPadding + 1)) - kPadding;
  return {flip, down, right};
}

void write_crop(std::span<const std::uint8_t> image, const ImageShape& shape, const Crop& crop, std::span<float> out) {
  const int width = shape.width;
  // Columns of the result, before it is mirrored, that the image reaches.
  const int begin = std::clamp(-crop.right, 0, width);
  const int end = std::clamp(width - crop.right, begin, width);
  float* row = out.data();
  for (int channel = 0; channel < shape.channels; ++channel) {
    for (int y = 0; y < shape.height; ++y, row += width) {
      std::fill_n(row, width, 0.0f);
      const int from = y + crop.down;
      if (from < 0 || from >= shape.height) continue;
      const std::uint8_t* values = image.data() + (channel * shape.height + from) * width;
      for (int x = begin; x < end; ++x) row[x] = kFraction[values[x + crop.right]];
      if (crop.flip) std::reverse(row, row + width);
    }
  }
}

}  // namespace geomx::trainer

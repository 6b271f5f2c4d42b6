#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "trainer/tensor/image_shape.h"
#include "trainer/tensor/random.h"

namespace geomx::trainer {

enum class Augment {
  none,
  flip_crop,  // mirrored or not, and moved by up to 4 pixels each way, black coming in at the edges
};
Augment augment_kind(const std::string& name);  // "none", "flip-crop"; throws Error for another

// What becomes of one image: the usual augmentation of CIFAR-10 (Krizhevsky, Sutskever, Hinton, 2012; He et al., 2015),
// a crop of the image's size out of the image with 4 black pixels on all sides.
struct Crop {
  bool flip = false;
  int down = 0;  // -4 to 4: row y of the result is row y + down of the image
  int right = 0;
};
Crop random_crop(Random& random);

// Writes the crop of `image`, bytes in CHW order, as x/255. REQUIRES: room for all of it.
void write_crop(std::span<const std::uint8_t> image, const ImageShape& shape, const Crop& crop, std::span<float> out);

}  // namespace geomx::trainer

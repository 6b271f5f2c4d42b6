#pragma once

#include <cstddef>
#include <cstdint>

#include "trainer/data/dataset.h"

namespace geomx::trainer {

// Images of one value: sample i is i and has the label 7i mod 10.
inline Dataset numbered(std::size_t count) {
  Dataset data;
  data.shape = {1, 1, 1};
  data.classes = 10;
  for (std::size_t i = 0; i < count; ++i) {
    data.images.push_back(static_cast<std::uint8_t>(i));
    data.labels.push_back(static_cast<std::uint8_t>(i * 7 % 10));
  }
  return data;
}

}  // namespace geomx::trainer

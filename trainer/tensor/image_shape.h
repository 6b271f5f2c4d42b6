#pragma once

#include <cstddef>
#include <vector>

namespace geomx::trainer {

struct ImageShape {
  int channels = 1;
  int height = 28;
  int width = 28;
  std::size_t size() const { return static_cast<std::size_t>(channels) * height * width; }
  std::vector<long> dims() const { return {channels, height, width}; }
  bool operator==(const ImageShape&) const = default;
};

}  // namespace geomx::trainer

#include "trainer/data/slice.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "trainer/tensor/error.h"

namespace geomx::trainer {

std::size_t slice_size(std::size_t samples, std::size_t index, std::size_t count) {
  if (index >= count) {
    throw Error("data slice " + std::to_string(index) + " does not exist: " + std::to_string(count) +
                " workers train, so it is 0.." + std::to_string(count == 0 ? 0 : count - 1) +
                " (--data-slice-idx, DMLC_NUM_ALL_WORKER)");
  }
  const std::size_t size = samples / count;
  if (size == 0) {
    throw Error(std::to_string(samples) + " samples cannot be cut into " + std::to_string(count) + " slices");
  }
  return size;
}

Dataset take_slice(const Dataset& whole, std::size_t index, std::size_t count, bool by_class) {
  const std::size_t size = slice_size(whole.size(), index, count);
  std::vector<std::size_t> order(whole.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (by_class) {
    std::ranges::stable_sort(order, {}, [&](std::size_t sample) { return whole.labels[sample]; });
  }
  Dataset slice;
  slice.shape = whole.shape;
  slice.classes = whole.classes;
  slice.images.reserve(size * whole.shape.size());
  slice.labels.reserve(size);
  for (std::size_t i = index * size; i < (index + 1) * size; ++i) {
    const auto image = whole.image(order[i]);
    slice.images.insert(slice.images.end(), image.begin(), image.end());
    slice.labels.push_back(whole.labels[order[i]]);
  }
  return slice;
}

}  // namespace geomx::trainer

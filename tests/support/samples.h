#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "trainer/model/graph.h"
#include "trainer/tensor/batch.h"
#include "trainer/tensor/random.h"

namespace geomx::trainer {

// Labelled noise for a model: as good as any data where nothing is to be learnt.
struct Samples {
  std::vector<float> images;
  std::vector<std::uint8_t> labels;
  Batch batch() const { return {images, labels}; }
};

// `count` samples: images in [0, 1), or tokens below the vocabulary.
inline Samples random_samples(const Graph& model, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  Samples samples;
  const auto classes = static_cast<std::uint64_t>(model.classes());
  const bool tokens = model.input_shape().size() == 1;
  for (std::size_t i = 0; i < count * elements(model.input_shape()); ++i) {
    samples.images.push_back(tokens ? static_cast<float>(random.below(classes)) : random.uniform(0, 1));
  }
  for (std::size_t i = 0; i < count * model.labels_per_sample(); ++i) {
    samples.labels.push_back(static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(model.classes()))));
  }
  return samples;
}

}  // namespace geomx::trainer

#include "trainer/loop/evaluate.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "trainer/data/batches.h"

namespace geomx::trainer {

Backend::Score evaluate(Backend& backend, const Dataset& data,
                        const std::function<void(std::size_t samples)>& progress) {
  constexpr std::size_t kAtOnce = 256;  // samples held as floats: 800 KB of 28x28 images
  Backend::Score sum;
  std::vector<float> images(std::min(kAtOnce, data.size()) * data.shape.size());
  std::vector<std::uint32_t> samples(std::min(kAtOnce, data.size()));
  for (std::size_t begin = 0; begin < data.size(); begin += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, data.size() - begin);
    std::iota(samples.begin(), samples.end(), static_cast<std::uint32_t>(begin));
    to_float(data, std::span(samples).first(count), images);
    const auto labels = std::span(data.labels).subspan(begin * data.labels_per_sample, count * data.labels_per_sample);
    const auto part =
        backend.score({std::span(images).first(count * data.shape.size()), labels, data.labels_per_sample});
    sum.loss += part.loss;
    sum.correct += part.correct;
    sum.samples += part.samples;
    if (progress) progress(begin + count);
  }
  return sum;
}

}  // namespace geomx::trainer

#include "trainer/cpu/cross_entropy.h"

#include <algorithm>
#include <cmath>

namespace geomx::trainer {

CrossEntropy softmax_cross_entropy(std::span<const float> logits, std::span<const std::uint8_t> labels,
                                   std::size_t classes, std::span<float> gradient) {
  CrossEntropy result;
  const float scale = 1.0f / static_cast<float>(labels.size());
  for (std::size_t sample = 0; sample < labels.size(); ++sample) {
    const auto row = logits.subspan(sample * classes, classes);
    const std::size_t label = labels[sample];
    const auto top = std::ranges::max_element(row);
    if (static_cast<std::size_t>(top - row.begin()) == label) ++result.correct;
    const float maximum = *top;
    double sum = 0;
    for (float logit : row) sum += std::exp(static_cast<double>(logit - maximum));
    result.loss += std::log(sum) - static_cast<double>(row[label] - maximum);
    if (gradient.empty()) continue;
    const auto out = gradient.subspan(sample * classes, classes);
    for (std::size_t c = 0; c < classes; ++c) {
      const auto probability = static_cast<float>(std::exp(static_cast<double>(row[c] - maximum)) / sum);
      out[c] = (probability - (c == label ? 1.0f : 0.0f)) * scale;
    }
  }
  return result;
}

}  // namespace geomx::trainer

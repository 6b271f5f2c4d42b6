#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace geomx::trainer {

struct CrossEntropy {
  double loss = 0;  // sum over the samples of -log softmax(logits)[label]
  std::size_t correct = 0;
};

// `logits` are {labels.size(), classes}, row-major. Where `gradient` is not empty (then it has the same shape), it gets
// the gradient of the *mean* loss: (softmax - onehot) / samples. Serial, so that the sum has one order.
CrossEntropy softmax_cross_entropy(std::span<const float> logits, std::span<const std::uint8_t> labels,
                                   std::size_t classes, std::span<float> gradient);

}  // namespace geomx::trainer

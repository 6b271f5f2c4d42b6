#include "trainer/model/initial.h"

#include <algorithm>
#include <cmath>

#include "trainer/tensor/random.h"

namespace geomx::trainer {

void xavier_uniform(Tensors& parameters, std::uint64_t seed) {
  for (std::size_t tensor = 0; tensor < parameters.count(); ++tensor) {
    const auto values = parameters[tensor];
    const auto& shape = parameters.spec(tensor).shape;
    if (shape.size() < 2) {
      std::ranges::fill(values, 0.0f);
      continue;
    }
    // {out, in} or {out, in, height, width}: both fans count the receptive field.
    const double elements = static_cast<double>(values.size());
    const double fans = elements / static_cast<double>(shape[0]) + elements / static_cast<double>(shape[1]);
    const auto bound = static_cast<float>(std::sqrt(6.0 / fans));
    Random random(seed, tensor);
    for (float& value : values) value = random.uniform(-bound, bound);
  }
}

}  // namespace geomx::trainer

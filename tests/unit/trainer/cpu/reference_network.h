#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "trainer/model/architecture.h"
#include "trainer/tensor/batch.h"
#include "trainer/tensor/tensors.h"

// Forward and backward in double precision, by definition and nothing else: what the backends are checked against.
namespace geomx::trainer {

struct ReferenceStep {
  double loss = 0;  // mean
  std::size_t correct = 0;
  std::vector<std::vector<double>> gradients;
};

namespace reference {

using Values = std::vector<double>;

inline Values convolve(const Values& in, const ImageShape& is, const ImageShape& os, int kernel,
                       std::span<const float> w, std::span<const float> b) {
  Values out(os.size());
  for (int o = 0; o < os.channels; ++o)
    for (int y = 0; y < os.height; ++y)
      for (int x = 0; x < os.width; ++x) {
        double sum = b[o];
        for (int i = 0; i < is.channels; ++i)
          for (int ky = 0; ky < kernel; ++ky)
            for (int kx = 0; kx < kernel; ++kx)
              sum += in[(i * is.height + y + ky) * is.width + x + kx] *
                     w[((o * is.channels + i) * kernel + ky) * kernel + kx];
        out[(o * os.height + y) * os.width + x] = sum;
      }
  return out;
}

inline Values convolve_backward(const Values& in, const ImageShape& is, const ImageShape& os, int kernel,
                                std::span<const float> w, const Values& gradient, Values& dw, Values& db) {
  Values din(in.size());
  for (int o = 0; o < os.channels; ++o)
    for (int y = 0; y < os.height; ++y)
      for (int x = 0; x < os.width; ++x) {
        const double g = gradient[(o * os.height + y) * os.width + x];
        db[o] += g;
        for (int i = 0; i < is.channels; ++i)
          for (int ky = 0; ky < kernel; ++ky)
            for (int kx = 0; kx < kernel; ++kx) {
              const int at = (i * is.height + y + ky) * is.width + x + kx;
              const int weight = ((o * is.channels + i) * kernel + ky) * kernel + kx;
              dw[weight] += g * in[at];
              din[at] += g * w[weight];
            }
      }
  return din;
}

// Which input element each output took.
inline std::vector<std::size_t> pool_choice(const Values& in, const ImageShape& is, const ImageShape& os, int size) {
  std::vector<std::size_t> choice(os.size());
  for (int c = 0; c < os.channels; ++c)
    for (int y = 0; y < os.height; ++y)
      for (int x = 0; x < os.width; ++x) {
        std::size_t best = (static_cast<std::size_t>(c) * is.height + y * size) * is.width + x * size;
        for (int dy = 0; dy < size; ++dy)
          for (int dx = 0; dx < size; ++dx) {
            const std::size_t at = (static_cast<std::size_t>(c) * is.height + y * size + dy) * is.width + x * size + dx;
            if (in[at] > in[best]) best = at;
          }
        choice[(static_cast<std::size_t>(c) * os.height + y) * os.width + x] = best;
      }
  return choice;
}

}  // namespace reference

inline ReferenceStep reference_step(const Architecture& model, const Tensors& parameters, const Batch& batch) {
  using reference::Values;
  const auto outputs = model.outputs();
  ReferenceStep step;
  for (const TensorSpec& spec : parameters.specs()) step.gradients.emplace_back(spec.size());
  const std::size_t layers = model.layers.size();
  for (std::size_t n = 0; n < batch.size(); ++n) {
    std::vector<Values> values(layers + 1);
    const auto image = batch.images.subspan(n * model.input.size(), model.input.size());
    values[0].assign(image.begin(), image.end());
    std::vector<std::vector<std::size_t>> choices(layers);
    std::vector<std::size_t> tensor(layers);
    std::size_t next_tensor = 0;
    for (std::size_t l = 0; l < layers; ++l) {
      const ImageShape is = l == 0 ? model.input : outputs[l - 1];
      tensor[l] = next_tensor;
      bool relu = false;
      if (const auto* conv = std::get_if<Convolution>(&model.layers[l])) {
        values[l + 1] = reference::convolve(values[l], is, outputs[l], conv->kernel, parameters[next_tensor],
                                            parameters[next_tensor + 1]);
        relu = conv->relu;
        next_tensor += 2;
      } else if (const auto* pool = std::get_if<MaxPool>(&model.layers[l])) {
        choices[l] = reference::pool_choice(values[l], is, outputs[l], pool->size);
        for (std::size_t at : choices[l]) values[l + 1].push_back(values[l][at]);
      } else {
        const auto& dense = std::get<Dense>(model.layers[l]);
        for (int u = 0; u < dense.units; ++u) {
          double sum = parameters[next_tensor + 1][u];
          for (std::size_t i = 0; i < values[l].size(); ++i)
            sum += values[l][i] * parameters[next_tensor][u * values[l].size() + i];
          values[l + 1].push_back(sum);
        }
        relu = dense.relu;
        next_tensor += 2;
      }
      if (relu) {
        for (double& value : values[l + 1]) value = std::max(value, 0.0);
      }
    }

    const Values& logits = values[layers];
    const double top = *std::ranges::max_element(logits);
    double sum = 0;
    for (double logit : logits) sum += std::exp(logit - top);
    step.loss += (std::log(sum) - (logits[batch.labels[n]] - top)) / batch.size();
    step.correct += static_cast<std::size_t>(std::ranges::max_element(logits) - logits.begin()) == batch.labels[n];
    Values gradient;
    for (std::size_t c = 0; c < logits.size(); ++c) {
      gradient.push_back((std::exp(logits[c] - top) / sum - (c == batch.labels[n])) / batch.size());
    }

    for (std::size_t l = layers; l-- > 0;) {
      const ImageShape is = l == 0 ? model.input : outputs[l - 1];
      const auto* conv = std::get_if<Convolution>(&model.layers[l]);
      const auto* dense = std::get_if<Dense>(&model.layers[l]);
      if ((conv != nullptr && conv->relu) || (dense != nullptr && dense->relu)) {
        for (std::size_t i = 0; i < gradient.size(); ++i) {
          if (values[l + 1][i] <= 0) gradient[i] = 0;
        }
      }
      if (conv != nullptr) {
        gradient = reference::convolve_backward(values[l], is, outputs[l], conv->kernel, parameters[tensor[l]],
                                                gradient, step.gradients[tensor[l]], step.gradients[tensor[l] + 1]);
      } else if (dense != nullptr) {
        Values before(values[l].size());
        for (int u = 0; u < dense->units; ++u) {
          step.gradients[tensor[l] + 1][u] += gradient[u];
          for (std::size_t i = 0; i < before.size(); ++i) {
            step.gradients[tensor[l]][u * before.size() + i] += gradient[u] * values[l][i];
            before[i] += gradient[u] * parameters[tensor[l]][u * before.size() + i];
          }
        }
        gradient = std::move(before);
      } else {
        Values before(values[l].size());
        for (std::size_t i = 0; i < gradient.size(); ++i) before[choices[l][i]] += gradient[i];
        gradient = std::move(before);
      }
    }
  }
  return step;
}

}  // namespace geomx::trainer

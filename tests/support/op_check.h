#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "tests/support/distance.h"
#include "tests/support/op_table.h"
#include "tests/support/reference_network.h"
#include "tests/support/samples.h"
#include "trainer/model/backend.h"
#include "trainer/model/initial.h"

// The table of ops on a backend: losses, every gradient and the running statistics against the reference in doubles.
namespace geomx::trainer {

using MakeBackend = std::function<std::unique_ptr<Backend>(const Graph&, const BackendOptions&)>;

// Initial values with something in the biases and norms, too, or their part would go untested.
inline void fill_parameters(const Graph& graph, Tensors& parameters, std::uint64_t seed) {
  initialise(graph, parameters, seed);
  Random random(seed, 99);
  for (std::size_t t = 0; t < parameters.count(); ++t) {
    if (parameters.spec(t).shape.size() > 1 && !parameters.spec(t).name.starts_with("embedding")) continue;
    for (float& value : parameters[t]) value += random.uniform(-0.3f, 0.3f);
  }
}

// `tolerance`: of ||ours - reference|| / ||reference|| for each tensor.
inline void expect_like_reference(const OpCase& op, const MakeBackend& make, double tolerance,
                                  Precision precision = Precision::fp32) {
  const BackendOptions options{.batch = op.batch, .threads = 1, .precision = precision, .seed = 3};
  const auto backend = make(op.graph, options);
  fill_parameters(op.graph, backend->parameters(), 5);
  const Samples samples = random_samples(op.graph, op.batch, 6);
  constexpr std::uint64_t kStep = 4;
  backend->set_step(kStep);
  const double loss = backend->step(samples.batch(), [](std::size_t) {});
  const auto reference =
      reference_step(op.graph, backend->parameters(), samples.batch(), {.seed = options.seed, .step = kStep});
  EXPECT_NEAR(loss, reference.loss, tolerance * reference.loss) << op.name;
  // A gradient that is 0 by its nature, as a bias's before a norm, is compared with the largest.
  double largest = 0;
  for (const auto& gradient : reference.gradients) largest = std::max(largest, test::norm(gradient));
  for (std::size_t t = 0; t < backend->parameters().count(); ++t) {
    const double off = test::difference(backend->gradients()[t], reference.gradients[t]);
    const double size = std::max(test::norm(reference.gradients[t]), 0.1 * largest);
    EXPECT_LT(off / size, tolerance) << op.name << ", " << backend->parameters().spec(t).name;
  }
  for (std::size_t b = 0; b < backend->buffers().count(); ++b) {
    EXPECT_LT(test::distance(backend->buffers()[b], reference.buffers[b]), tolerance)
        << op.name << ", " << backend->buffers().spec(b).name;
  }
  // As evaluation sees it: running statistics, no dropout.
  const auto score = backend->score(samples.batch());
  const auto evaluated =
      reference_step(op.graph, backend->parameters(), backend->buffers(), samples.batch(), {.training = false});
  EXPECT_EQ(score.samples, samples.labels.size());
  EXPECT_NEAR(score.loss / static_cast<double>(score.samples), evaluated.loss, tolerance * evaluated.loss) << op.name;
}

}  // namespace geomx::trainer

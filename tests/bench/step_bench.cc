// One of two sides of a comparison (pytorch_comparison.py): a training step, again and again, for as long as it is
// told on standard input.
//
//   step_bench MODEL BATCH THREADS PRECISION
//
// Each line read is a number of seconds; the answer is the median time of a step in so many, in milliseconds. A step is
// forward, backward and plain SGD on every parameter. MODEL: one of the zoo's (trainer/model/zoo.h). PRECISION: fp32,
// bf16.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "tests/support/samples.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

// Residual networks get small colour images, all others MNIST's.
Graph model_named(const std::string& name) {
  return make_model(name, name.starts_with("resnet") ? Shape{3, 32, 32} : Shape{1, 28, 28}, 10);
}

void sgd(Tensors& parameters, const Tensors& gradients, float rate, int threads) {
  for (std::size_t t = 0; t < parameters.count(); ++t) {
    float* values = parameters[t].data();
    const float* gradient = gradients[t].data();
    const std::size_t size = parameters[t].size();
#pragma omp parallel for simd schedule(static) num_threads(threads) if (size > 100000)
    for (std::size_t i = 0; i < size; ++i) values[i] -= rate * gradient[i];
  }
}

void serve(const std::string& name, std::size_t batch, int threads, const std::string& precision) {
  const Graph model = model_named(name);
  const auto backend =
      make_cpu_backend(model, {.batch = batch, .threads = threads, .precision = parse_precision(precision)});
  initialise(model, backend->parameters(), 1);
  const Samples samples = random_samples(model, batch, 1);
  double seconds = 0;
  std::vector<double> steps;
  while (std::cin >> seconds) {
    using Clock = std::chrono::steady_clock;
    steps.clear();
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    auto now = Clock::now();
    do {
      const auto begin = now;
      backend->step(samples.batch(), [](std::size_t) {});
      sgd(backend->parameters(), backend->gradients(), 0.01f, threads);
      now = Clock::now();
      steps.push_back(std::chrono::duration<double, std::milli>(now - begin).count());
    } while (now < end);
    std::ranges::nth_element(steps, steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2));
    std::printf("%.4f\n", steps[steps.size() / 2]);
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace geomx::trainer

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: step_bench MODEL BATCH THREADS PRECISION\n");
    return 2;
  }
  try {
    geomx::trainer::serve(argv[1], std::stoul(argv[2]), std::stoi(argv[3]), argv[4]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "step_bench: %s\n", error.what());
    return 1;
  }
}

// Images per second of the CNN on the CPU: a whole training step (forward, backward, SGD) and scoring, on 1 and 2
// threads. Names read step/batch/threads.
#include <benchmark/benchmark.h>

#include "tests/support/samples.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"

namespace geomx::trainer {
namespace {

void step(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const Graph model = make_model("cnn", {1, 28, 28}, 10);
  const auto backend = make_cpu_backend(model, {.batch = batch, .threads = static_cast<int>(state.range(1))});
  Tensors& parameters = backend->parameters();
  initialise(model, parameters, 1);
  const Samples samples = random_samples(model, batch, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(backend->step(samples.batch(), [](std::size_t) {}));
    for (std::size_t t = 0; t < parameters.count(); ++t) {
      const auto gradient = backend->gradients()[t];
      const auto values = parameters[t];
      for (std::size_t i = 0; i < values.size(); ++i) values[i] -= 0.01f * gradient[i];
    }
  }
  state.counters["images/s"] =
      benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)), benchmark::Counter::kIsRate);
}
BENCHMARK(step)
    ->ArgsProduct({{32, 256}, {1, 2}})
    ->ArgNames({"batch", "threads"})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void score(benchmark::State& state) {
  const Graph model = make_model("cnn", {1, 28, 28}, 10);
  const auto backend = make_cpu_backend(model, {.threads = static_cast<int>(state.range(0))});
  initialise(model, backend->parameters(), 1);
  const Samples samples = random_samples(model, 1000, 1);
  for (auto _ : state) benchmark::DoNotOptimize(backend->score(samples.batch()));
  state.counters["images/s"] =
      benchmark::Counter(static_cast<double>(state.iterations() * 1000), benchmark::Counter::kIsRate);
}
BENCHMARK(score)->Arg(1)->Arg(2)->ArgName("threads")->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace geomx::trainer

BENCHMARK_MAIN();

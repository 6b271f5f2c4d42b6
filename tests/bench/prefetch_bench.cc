// Does a thread that puts batches together pay on the CPU? Two workers of one thread each, as a small job has them on
// two cores, train the CNN at batch 32 side by side on Fashion-MNIST, with and without it, with and without
// augmentation. Milliseconds a step, of the clock for the slower of the two workers and of the processors for their
// mean, which is what counts where they are shared; medians of interleaved repetitions.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <vector>

#include "trainer/cpu/cpu_backend.h"
#include "trainer/data/batches.h"
#include "trainer/data/prefetch.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"

namespace geomx::trainer {
namespace {

constexpr int kWorkers = 2;
constexpr int kWarmUp = 50;
constexpr int kSteps = 500;
constexpr int kRepetitions = 9;

struct Mode {
  Augment augment;
  bool prefetch;
  auto operator<=>(const Mode&) const = default;
};

// Milliseconds a step.
struct Cost {
  double clock = 0;
  double processor = 0;
};

double processor_milliseconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto milliseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return milliseconds(used.ru_utime) + milliseconds(used.ru_stime);
}

Cost worker(const Dataset& data, const Mode& mode, int index) {
  const Graph model = make_model("cnn", data.input(), data.classes);
  const auto backend = make_cpu_backend(model, {.batch = 32});
  Tensors& parameters = backend->parameters();
  initialise(model, parameters, 1);
  Batches batches(data, 32, 1, static_cast<std::uint64_t>(index), mode.augment);
  std::unique_ptr<Prefetch> ahead;
  if (mode.prefetch) {
    ahead = std::make_unique<Prefetch>([&](std::span<float> images) { return batches.next(images); },
                                       backend->images().size());
  }
  std::chrono::steady_clock::time_point start;
  double used = 0;
  for (int step = -kWarmUp; step < kSteps; ++step) {
    if (step == 0) {
      start = std::chrono::steady_clock::now();
      used = processor_milliseconds();
    }
    const auto images = backend->images();
    backend->step(ahead ? ahead->next(images) : batches.next(images), [](std::size_t) {});
    for (std::size_t t = 0; t < parameters.count(); ++t) {
      const auto gradient = backend->gradients()[t];
      const auto values = parameters[t];
      for (std::size_t i = 0; i < values.size(); ++i) values[i] -= 0.01f * gradient[i];
    }
  }
  const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
  return {passed.count() / kSteps, (processor_milliseconds() - used) / kSteps};
}

// In processes of their own, as workers are.
Cost of_both(const Dataset& data, const Mode& mode) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  for (int index = 0; index < kWorkers; ++index) {
    if (::fork() != 0) continue;
    const Cost result = worker(data, mode, index);
    ::_exit(::write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  Cost cost;
  for (int index = 0; index < kWorkers; ++index) {
    int status = 0;
    Cost result;
    if (::wait(&status) < 0 || status != 0 || ::read(ends[0], &result, sizeof result) != sizeof result) std::abort();
    cost.clock = std::max(cost.clock, result.clock);
    cost.processor += result.processor / kWorkers;
  }
  ::close(ends[0]);
  ::close(ends[1]);
  return cost;
}

}  // namespace
}  // namespace geomx::trainer

int main() {
  using namespace geomx::trainer;
  const Dataset data = load_dataset("fashion-mnist", Part::test);
  std::map<Mode, std::array<std::vector<double>, 2>> results;
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    for (Augment augment : {Augment::none, Augment::flip_crop}) {
      for (bool prefetch : {false, true}) {
        const Mode mode{augment, prefetch};
        const Cost cost = of_both(data, mode);
        results[mode][0].push_back(cost.clock);
        results[mode][1].push_back(cost.processor);
      }
    }
  }
  for (auto& [mode, costs] : results) {
    std::printf("%-10s %-14s", mode.augment == Augment::none ? "plain" : "flip-crop",
                mode.prefetch ? "prefetched" : "not prefetched");
    for (auto& times : costs) {
      std::ranges::sort(times);
      std::printf("   %.3f (%.3f to %.3f)", times[times.size() / 2], times.front(), times.back());
    }
    std::printf("   ms of the clock, of the processors\n");
  }
}

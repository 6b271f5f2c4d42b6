// Training steps on a card: samples put into the network, forward, backward, gradients on the host. Each figure is the
// median of several runs of whole steps by the wall clock; torch_peer.py measures the same networks in PyTorch.
//
//   gpu_bench [NAME...]      cnn, resnet18, resnet50

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "trainer/cuda/load.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"
#include "trainer/tensor/random.h"

namespace {

using namespace geomx::trainer;
using Clock = std::chrono::steady_clock;

struct Case {
  std::string name;
  Shape input;
  int classes;
  std::size_t batch;
  Precision precision;
  int steps;  // of a run
};

const std::vector<Case> kCases{
    {"cnn", {1, 28, 28}, 10, 32, Precision::fp32, 1000},
    {"cnn", {1, 28, 28}, 10, 32, Precision::tf32, 1000},
    {"resnet18", {3, 32, 32}, 10, 256, Precision::tf32, 50},
    {"resnet18", {3, 32, 32}, 10, 256, Precision::bf16, 50},
    {"resnet50", {3, 224, 224}, 1000, 128, Precision::bf16, 20},
};

const char* name_of(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "fp32";
    case Precision::tf32:
      return "tf32";
    case Precision::bf16:
      return "bf16";
  }
  return "";
}

void measure(const Case& c) {
  constexpr int kRuns = 5;
  const Graph graph = make_model(c.name, c.input, c.classes);
  const auto backend = cuda::make_backend(graph, {.batch = c.batch, .precision = c.precision}, 0);
  initialise(graph, backend->parameters(), 1);
  Random random(1);
  for (float& value : backend->images()) value = random.uniform(0, 1);
  std::vector<std::uint8_t> labels;
  for (std::size_t i = 0; i < c.batch; ++i) {
    labels.push_back(static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(std::min(c.classes, 256)))));
  }
  const Batch batch{backend->images(), labels};
  const auto step = [&] { backend->step(batch, [](std::size_t) {}); };
  for (int i = 0; i < 5; ++i) step();  // choices are made, graphs recorded
  std::vector<double> rates;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = Clock::now();
    for (int i = 0; i < c.steps; ++i) step();
    rates.push_back(c.steps / std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::ranges::sort(rates);
  const double median = rates[kRuns / 2];
  std::printf("%-9s batch %4zu %s  %10.1f steps/s %12.0f samples/s  (%.1f to %.1f steps/s in %d runs of %d)\n",
              c.name.c_str(), c.batch, name_of(c.precision), median, median * static_cast<double>(c.batch),
              rates.front(), rates.back(), kRuns, c.steps);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    cuda::require_card(0);
    std::printf("card: %s\n", cuda::plugin().describe(0).c_str());
    for (const Case& c : kCases) {
      const bool asked = std::any_of(argv + 1, argv + argc, [&](const char* name) { return c.name == name; });
      if (argc == 1 || asked) measure(c);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "gpu_bench: %s\n", error.what());
    return 1;
  }
}

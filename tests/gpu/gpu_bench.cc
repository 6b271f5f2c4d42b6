// Training steps on a card: samples put into the network, forward, backward, gradients on the host. Each figure is the
// median of several runs of whole steps by the wall clock; torch_peer.py measures the same networks in PyTorch.
//
//   gpu_bench [NAME...]      cnn, resnet18, resnet50; by name only, ops: each of the table of ops in its small network

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "tests/support/op_table.h"
#include "tests/support/samples.h"
#include "trainer/cuda/load.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

namespace {

using namespace geomx::trainer;
using Clock = std::chrono::steady_clock;

constexpr int kRuns = 5;

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

struct Rates {
  double median = 0, lowest = 0, highest = 0;  // steps per second
};

Rates rates_of(const Graph& graph, std::size_t batch_size, Precision precision, int steps) {
  const auto backend = cuda::make_backend(graph, {.batch = batch_size, .precision = precision}, 0);
  initialise(graph, backend->parameters(), 1);
  const Samples samples = random_samples(graph, batch_size, 1);
  std::ranges::copy(samples.images, backend->images().begin());
  const Batch batch{backend->images(), samples.labels};
  const auto step = [&] { backend->step(batch, [](std::size_t) {}); };
  for (int i = 0; i < 5; ++i) step();  // choices are made, graphs recorded
  std::vector<double> rates;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = Clock::now();
    for (int i = 0; i < steps; ++i) step();
    rates.push_back(steps / std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::ranges::sort(rates);
  return {rates[kRuns / 2], rates.front(), rates.back()};
}

void measure(const Case& c) {
  const Rates rates = rates_of(make_model(c.name, c.input, c.classes), c.batch, c.precision, c.steps);
  std::printf("%-9s batch %4zu %s  %10.1f steps/s %12.0f samples/s  (%.1f to %.1f steps/s in %d runs of %d)\n",
              c.name.c_str(), c.batch, to_string(c.precision), rates.median,
              rates.median * static_cast<double>(c.batch), rates.lowest, rates.highest, kRuns, c.steps);
  std::fflush(stdout);
}

void measure(const OpCase& op) {
  constexpr int kSteps = 200;
  std::printf("%-38s batch %4zu", op.name.c_str(), op.batch);
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    std::printf("  %s %8.4f ms", to_string(precision), 1e3 / rates_of(op.graph, op.batch, precision, kSteps).median);
  }
  std::printf("\n");
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
    if (std::any_of(argv + 1, argv + argc, [](const char* name) { return std::strcmp(name, "ops") == 0; })) {
      for (const OpCase& op : large_op_table()) measure(op);
    }
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "gpu_bench: %s\n", error.what());
    return 1;
  }
}

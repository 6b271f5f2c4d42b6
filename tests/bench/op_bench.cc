// Every op of the table that the tests go by (tests/support/op_table.h), in a larger form, on the CPU: forwards and
// backwards, each by itself, median ms. GFLOP/s where an op is made of products, beside oneDNN's product of two large
// matrices; else GB/s, of the values that it has to read and to write, beside a copy of 256 MB. Small values stay in
// the processor's caches, and so may exceed that.
//
//   op_bench [PART OF A NAME] [THREADS] [fp32|bf16]
#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/op_table.h"
#include "tests/support/samples.h"
#include "trainer/cpu/network.h"
#include "trainer/model/initial.h"
#include "trainer/model/precision.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

// Of several turns of so many calls that one takes some milliseconds.
double median_seconds(const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  constexpr int kTurns = 9;
  constexpr double kTurn = 0.004;
  const auto time_of = [&](int calls) {
    const auto begin = Clock::now();
    for (int call = 0; call < calls; ++call) work();
    return std::chrono::duration<double>(Clock::now() - begin).count() / calls;
  };
  work();
  const int calls = std::clamp(static_cast<int>(kTurn / std::max(time_of(2), 1e-9)), 1, 10'000);
  std::vector<double> times;
  for (int turn = 0; turn < kTurns; ++turn) times.push_back(time_of(calls));
  std::ranges::nth_element(times, times.begin() + kTurns / 2);
  return times[kTurns / 2];
}

// What nodes have to do, whatever does it.
struct Work {
  double flops = 0;              // forwards; backwards are two products for each
  double read = 0, written = 0;  // elements that pass between them and the others
  double parameters = 0;
};

double products(const Graph& graph, const Node& node) {
  const Shape& in = graph.nodes()[node.inputs.front()].shape;
  const auto out = static_cast<double>(elements(node.shape));
  if (const auto* op = std::get_if<Convolution>(&node.op)) {
    return 2 * out * static_cast<double>(in[0]) / op->groups * op->kernel * op->kernel;
  }
  if (std::holds_alternative<Linear>(node.op)) {
    return 2 * out * static_cast<double>(in.size() == 2 ? in[1] : static_cast<long>(elements(in)));
  }
  if (std::holds_alternative<Attention>(node.op)) return 2 * 2 * out * static_cast<double>(in[0]);  // masked or not
  return 0;
}

Work work_of(const OpCase& op) {
  const auto& nodes = op.graph.nodes();
  const auto batch = static_cast<double>(op.batch);
  Work work;
  for (std::size_t n = op.first; n <= op.last; ++n) {
    work.flops += batch * products(op.graph, nodes[n]);
    for (const std::size_t input : nodes[n].inputs) {
      if (input < op.first) work.read += batch * static_cast<double>(elements(nodes[input].shape));
    }
  }
  work.written = batch * static_cast<double>(elements(nodes[op.last].shape));
  const auto& parameters = op.graph.parameters();
  for (std::size_t t = nodes[op.first].parameter; t < nodes[op.last + 1].parameter; ++t) {
    work.parameters += static_cast<double>(parameters[t].size());
  }
  return work;
}

struct Limits {
  double flops = 0;
  double bytes = 0;
};

double products_per_second(DataType type) {
  constexpr long kSide = 1536;
  Program program;
  const auto matrix = [&] { return program.lasting_value({{kSide, kSide}, type, dnnl::memory::format_tag::ab}); };
  const dnnl::memory a = matrix();
  const dnnl::memory b = matrix();
  const dnnl::memory c = matrix();
  const dnnl::matmul::primitive_desc desc({a.get_desc(), b.get_desc(), c.get_desc()}, Program::attributes(),
                                          program.engine());
  program.add(dnnl::matmul(desc), desc, {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b}, {DNNL_ARG_DST, c}});
  program.finish();
  return 2.0 * kSide * kSide * kSide / median_seconds([&] { program.run(0, program.size()); });
}

double bytes_copied_per_second() {
  constexpr std::size_t kBytes = std::size_t{256} << 20;
  const AlignedBuffer from(kBytes);
  const AlignedBuffer to(kBytes);
  constexpr std::size_t kPieces = 64;
  return 2.0 * kBytes / median_seconds([&] {
#pragma omp parallel for schedule(static)
           for (std::size_t piece = 0; piece < kPieces; ++piece) {
             const std::size_t at = piece * (kBytes / kPieces);
             std::memcpy(to.data() + at, from.data() + at, kBytes / kPieces);
           }
         });
}

void print_rate(double seconds, double flops, double elements, std::size_t element, const Limits& limits) {
  const double rate = flops > 0 ? flops / seconds : elements * static_cast<double>(element) / seconds;
  const double limit = flops > 0 ? limits.flops : limits.bytes;
  std::printf("  %9.4f ms %7.1f %s %4.0f %%", 1e3 * seconds, rate / 1e9, flops > 0 ? "GFLOP/s" : "GB/s   ",
              100 * rate / limit);
}

void measure(const OpCase& op, DataType type, const Limits& limits) {
  Tensors parameters(op.graph.parameters());
  Tensors gradients(op.graph.parameters());
  Tensors buffers(op.graph.buffers());
  initialise(op.graph, parameters, 1);
  initialise_buffers(buffers);
  const StepState state{.seed = 1, .step = 0};
  Network network(op.graph, op.batch, type, parameters, &gradients, buffers, state);
  std::ranges::copy(random_samples(op.graph, op.batch, 1).images, network.inputs().begin());
  Random random(2);
  network.forward();
  for (float& value : network.logits_gradient()) value = random.uniform(-1, 1);
  network.backward([](std::size_t) {});

  std::vector<std::size_t> parts;
  for (std::size_t part = 0; part < network.parts(); ++part) {
    const std::size_t node = network.nodes_of(part).front();
    if (node >= op.first && node <= op.last) parts.push_back(part);
  }
  const double forward = median_seconds([&] {
    for (const std::size_t part : parts) network.forward_part(part);
  });
  const double backward = median_seconds([&] {
    for (const std::size_t part : parts) network.backward_part(part);
  });
  const Work work = work_of(op);
  const std::size_t element = type == DataType::bf16 ? 2 : 4;
  std::printf("%-38s %4zu x %-12s", op.name.c_str(), op.batch,
              to_string(op.graph.nodes()[op.graph.nodes()[op.first].inputs.front()].shape).c_str());
  print_rate(forward, work.flops, work.read + work.written + work.parameters, element, limits);
  // The gradient of what it wrote and what it read come in, the gradients of that and of the parameters go out.
  print_rate(backward, 2 * work.flops, 2 * work.read + work.written + 2 * work.parameters, element, limits);
  std::printf("\n");
  std::fflush(stdout);
}

void run(const std::string& filter, int threads, Precision precision) {
  if (precision == Precision::tf32) throw Error("tf32 is of cards (fp32, bf16)");
  omp_set_num_threads(threads);
  const DataType type = precision == Precision::bf16 ? DataType::bf16 : DataType::f32;
  const Limits limits{products_per_second(type), bytes_copied_per_second()};
  std::printf("%d thread%s, %s; a product of 1536x1536 matrices: %.1f GFLOP/s; a copy: %.1f GB/s (read and written)\n",
              threads, threads == 1 ? "" : "s", to_string(precision), limits.flops / 1e9, limits.bytes / 1e9);
  std::printf("%-38s %-19s  %-29s    %s\n", "op", "batch x input", "forwards", "backwards");
  for (const OpCase& op : large_op_table()) {
    if (op.name.find(filter) != std::string::npos) measure(op, type, limits);
  }
}

}  // namespace
}  // namespace geomx::trainer

int main(int argc, char** argv) {
  try {
    geomx::trainer::run(argc > 1 ? argv[1] : "", argc > 2 ? std::stoi(argv[2]) : 1,
                        geomx::trainer::parse_precision(argc > 3 ? argv[3] : "fp32"));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "op_bench: %s (op_bench [PART OF A NAME] [THREADS] [fp32|bf16])\n", error.what());
    return 1;
  }
}

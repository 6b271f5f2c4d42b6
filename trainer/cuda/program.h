#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "trainer/cuda/norms.h"
#include "trainer/cuda/windows.h"
#include "trainer/model/graph.h"

// A network's step, spelt out for a card: a list of kernels and library calls over values whose places in memory are
// planned. Pure data, made on any machine; run_step.h carries it out.
//
// Values are written once and then only read. Activations are of the program's number type, fp32 or bf16, channels
// last; parameters, gradients, statistics and sums are fp32.
namespace geomx::trainer::cuda {

using ValueId = std::uint32_t;
inline constexpr ValueId kNone = ~ValueId{0};

enum class Number { fp32, bf16 };
std::size_t size_of(Number number);

// Which memory holds a value. `arena` alone is planned; the others are blocks whose layouts are given.
enum class Home { arena, parameters, gradients, buffers, samples, labels, keys, counted, result };
inline constexpr std::size_t kHomes = 9;

struct Value {
  std::string name;  // for people: "conv1", "conv1.gradient"
  Home home = Home::arena;
  std::size_t bytes = 0;
  std::size_t offset = 0;  // in its home, or in its base
  ValueId base = kNone;    // a part of that one, or written over it by its last reader
};

// {blocks, rows, columns} to {blocks, columns, rows}.
struct TransposeStep {
  ValueId in, out;
  Index blocks, rows, columns;
  Number from, to;
};

enum class Pass { forward, backward_data, backward_weight };
// Weights OHWI. `first` and `second`: input and weight; gradient and weight; input and gradient. A `direct` one is done
// by our own kernels (windows.h), and its weight gradient is {partial} and then canonical.
struct ConvolutionStep {
  Pass pass;
  bool direct;
  ValueId first, second, out;
  Groups geometry;
  ValueId partial = kNone;
  Index slices = 0;
};

struct BiasStep {
  ValueId in, bias, out;
  Index elements, channels;
  bool relu;
};

// Row-major: out {m, n} = alpha * a * b, where a is {m, k}, or {k, m} with transpose_a, and b {k, n}, or {n, k}. The
// same for each of `batch` matrices, which follow each other. `bias` {n} is of the program's number type.
struct ProductStep {
  ValueId a, b, out;
  Index m, n, k;
  bool transpose_a = false, transpose_b = false;
  Index batch = 1;
  float alpha = 1;
  ValueId bias = kNone;
  bool relu = false;
  bool out_fp32 = false;
};

struct ColumnSumStep {
  ValueId in, partial, out;
  Index rows, columns, slices;
};

enum class Function { relu, gelu, sum, sum_relu, relu_backward, gelu_backward };
struct MapStep {
  Function function;
  ValueId first, second, out;  // second: kNone where the function has one argument
  Index elements;
};

struct DropoutStep {
  ValueId in, out;
  Index elements, node, spots, channels;
  double share;
};

enum class Pool { max_forward, max_backward, average_forward, average_backward };
struct PoolStep {
  Pool pool;
  ValueId in, where, out;
  Windows windows;
};

struct GlobalPoolStep {
  bool backward;
  ValueId in, out;
  Index samples, spots, channels;
};

struct BatchStatisticsStep {
  ValueId in, partial, statistics, mean, variance;
  Index rows, channels, slices;
  float momentum, epsilon;
};
struct RunningStatisticsStep {
  ValueId mean, variance, statistics;
  Index channels;
  float epsilon;
};
struct BatchApplyStep {
  ValueId in, statistics, weight, bias, out;
  Index rows, channels;
  bool relu;
};
struct BatchBackwardStep {
  ValueId in, gradient, output, statistics, weight, bias_gradient, weight_gradient, out;
  Index rows, channels;
};
// The weight's and the bias' gradients of any norm.
struct NormGradientStep {
  ValueId in, gradient, output, statistics, partial, weight_gradient, bias_gradient;
  Index rows, slices;
  StatisticsOf which;
};
struct GroupNormStep {
  bool backward;
  ValueId in, gradient, statistics, weight, bias, out;
  Index rows;  // samples times groups
  GroupShape shape;
  float epsilon;
};

struct EmbeddingStep {
  ValueId tokens, weight, position, out;
  Index count, positions, vocabulary, width;
};
struct EmbeddingGradientStep {
  ValueId tokens, gradient, out;
  Index count, vocabulary, width;
};

struct HeadsStep {
  bool merge;
  ValueId in, out;
  Index samples, positions, parts, heads, width;
};
struct SoftmaxStep {
  ValueId in, out;
  Index rows, positions;
  bool causal;
};
struct SoftmaxBackwardStep {
  ValueId gradient, output, out;
  Index rows, positions;
};

struct LossStep {
  ValueId logits, labels, gradient, losses, counted, result;
  Index rows, classes;
};

using Step = std::variant<TransposeStep, ConvolutionStep, BiasStep, ProductStep, ColumnSumStep, MapStep, DropoutStep,
                          PoolStep, GlobalPoolStep, BatchStatisticsStep, RunningStatisticsStep, BatchApplyStep,
                          BatchBackwardStep, NormGradientStep, GroupNormStep, EmbeddingStep, EmbeddingGradientStep,
                          HeadsStep, SoftmaxStep, SoftmaxBackwardStep, LossStep>;

struct StepInfo {
  Step step;
  std::string node;             // that it is part of, for errors and profiles
  std::vector<ValueId> reads;   // without kNone
  std::vector<ValueId> writes;  // the first one may take the place of `over`
  ValueId over = kNone;         // read element by element, so the result may lie there if nobody reads it later
};

// Steps before `begin` do not read the parameter; and steps before `end` make the gradient final.
struct Needed {
  std::size_t begin, tensor;
};
struct Ready {
  std::size_t end, tensor;
};

struct Program {
  Number number = Number::fp32;
  std::size_t batch = 0;
  std::vector<Value> values;
  std::vector<StepInfo> steps;
  std::vector<Needed> needed;  // in the order of the steps
  std::vector<Ready> ready;    // likewise: last layers first
  std::size_t arena = 0;       // bytes
};

// Where parameters, gradients and buffers lie in their blocks, in bytes, as Tensors has them: so a block is copied at
// once. The last entry is the whole size.
std::vector<std::size_t> offsets_of(const std::vector<TensorSpec>& specs);

// Of a batch: the size of the block of labels, int32.
std::size_t labels_of(const Graph& graph, std::size_t batch);

// `training`: forward, loss, backward; else forward with running statistics and without dropout, and the loss. Throws
// Error, naming the node, for what has more elements than an Index counts.
Program make_program(const Graph& graph, std::size_t batch, Number number, bool training);

// Gives each value of the arena its place: first fit over lifetimes, aligned to 256 bytes. Called by make_program().
void plan_arena(Program& program);

// For people and tests: a line per step.
std::string to_string(const Program& program);

}  // namespace geomx::trainer::cuda

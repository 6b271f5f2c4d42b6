#pragma once

#include "trainer/cuda/layout.h"
#include "trainer/cuda/loss.h"
#include "trainer/cuda/norms.h"
#include "trainer/cuda/pointwise.h"
#include "trainer/cuda/program.h"
#include "trainer/cuda/sequences.h"
#include "trainer/cuda/sums.h"
#include "trainer/cuda/windows.h"

namespace geomx::trainer::cuda {

// Carries steps out on a machine, T being the program's number type. A machine has
//
//   X* at<X>(ValueId)                      where a value lies; null for kNone
//   DropoutKey* keys()                     of this step, of each node
//   each(count, f)                         f(i) for every i below count
//   rows(count, width, f)                  f(team, row) for every row; a row has `width` elements
//   columns(rows, columns, slices, f, p)   f(row, column, sums) for all, into p {slices, f.kSums, columns}; slice s has
//                                          the rows from slice_begin(s) on
//   product(ProductStep), convolve(ConvolutionStep)   what libraries do
template <typename Machine, typename T>
class StepRunner {
 public:
  explicit StepRunner(Machine& machine) : machine_(machine) {}

  void run(const Step& step) {
    std::visit([&](const auto& s) { (*this)(s); }, step);
  }

  void operator()(const TransposeStep& s) {
    const bool from_floats = s.from == Number::fp32;
    const bool to_floats = s.to == Number::fp32;
    if (from_floats && to_floats) return transpose<float, float>(s);
    if (from_floats) return transpose<float, Bf16>(s);
    if (to_floats) return transpose<Bf16, float>(s);
    transpose<Bf16, Bf16>(s);
  }

  void operator()(const ConvolutionStep& s) {
    if (!s.direct) return machine_.convolve(s);
    const Groups& g = s.geometry;
    const Windows& w = g.windows;
    if (s.pass == Pass::forward) {
      const Index outputs = w.samples * w.out_height * w.out_width * g.outputs;
      machine_.each(outputs, GroupedForward<T>{in(s.first), in(s.second), out(s.out), g});
    } else if (s.pass == Pass::backward_data) {
      machine_.each(w.inputs(), GroupedBackwardData<T>{in(s.first), in(s.second), out(s.out), g});
    } else {
      const Index columns = g.spots() * g.outputs * g.group_inputs();
      machine_.columns(w.samples * w.out_height * w.out_width, columns, s.slices,
                       GroupedWeightTerm<T>{in(s.first), in(s.second), g}, floats(s.partial));
      machine_.rows(columns, s.slices, GroupedWeightFinish{floats(s.partial), floats(s.out), g, s.slices});
    }
  }

  void operator()(const BiasStep& s) {
    if (s.channels % kWidth<T> == 0) {
      packs(s.elements, AddBias<T, kWidth<T>>{in(s.in), floats(s.bias), out(s.out), s.channels, s.relu});
    } else {
      machine_.each(s.elements, AddBias<T, 1>{in(s.in), floats(s.bias), out(s.out), s.channels, s.relu});
    }
  }

  void operator()(const ProductStep& s) { machine_.product(s); }

  void operator()(const ColumnSumStep& s) {
    machine_.columns(s.rows, s.columns, s.slices, ColumnTerm<T>{in(s.in), s.columns}, floats(s.partial));
    machine_.rows(s.columns, s.slices, AddSlices{floats(s.partial), floats(s.out), s.columns, s.slices, 0, 1});
  }

  void operator()(const MapStep& s) {
    switch (s.function) {
      case Function::relu:
        return map(s, Relu{});
      case Function::gelu:
        return map(s, Gelu{});
      case Function::sum:
        return map2(s, Sum{});
      case Function::sum_relu:
        return map2(s, SumRelu{});
      case Function::relu_backward:
        return map2(s, ReluBackward{});
      case Function::gelu_backward:
        return map2(s, GeluBackward{});
    }
  }

  void operator()(const DropoutStep& s) {
    packs(s.elements, Drop<T>{in(s.in), out(s.out), machine_.keys(), s.node, dropout_threshold(s.share),
                              static_cast<float>(1 / (1 - s.share)), s.spots, s.channels});
  }

  void operator()(const PoolStep& s) {
    auto* where = machine_.template at<std::uint16_t>(s.where);
    switch (s.pool) {
      case Pool::max_forward:
        return machine_.each(s.windows.outputs(), MaxPoolForward<T>{in(s.in), out(s.out), where, s.windows});
      case Pool::max_backward:
        return machine_.each(s.windows.inputs(), MaxPoolBackward<T>{in(s.in), where, out(s.out), s.windows});
      case Pool::average_forward:
        return machine_.each(s.windows.outputs(), AveragePoolForward<T>{in(s.in), out(s.out), s.windows});
      case Pool::average_backward:
        return machine_.each(s.windows.inputs(), AveragePoolBackward<T>{in(s.in), out(s.out), s.windows});
    }
  }

  void operator()(const GlobalPoolStep& s) {
    const Index pooled = s.samples * s.channels;
    if (s.backward) {
      machine_.each(pooled * s.spots, GlobalPoolBackward<T>{in(s.in), out(s.out), s.spots, s.channels});
    } else {
      machine_.each(pooled, GlobalPoolForward<T>{in(s.in), out(s.out), s.spots, s.channels});
    }
  }

  void operator()(const BatchStatisticsStep& s) {
    machine_.columns(s.rows, s.channels, s.slices, BatchTerm<T>{in(s.in), s.channels}, floats(s.partial));
    machine_.rows(s.channels, s.slices,
                  BatchFinish<T>{in(s.in), floats(s.partial), floats(s.statistics), floats(s.mean), floats(s.variance),
                                 s.rows, s.channels, s.slices, s.momentum, s.epsilon});
  }

  void operator()(const RunningStatisticsStep& s) {
    machine_.each(s.channels, RunningStatistics{floats(s.mean), floats(s.variance), floats(s.statistics), s.epsilon});
  }

  void operator()(const BatchApplyStep& s) {
    by_channels(s.rows, s.channels, [&]<int W>() {
      return BatchApply<T, W>{in(s.in), floats(s.statistics), floats(s.weight), floats(s.bias), out(s.out), s.channels,
                              s.relu};
    });
  }

  void operator()(const BatchBackwardStep& s) {
    by_channels(s.rows, s.channels, [&]<int W>() {
      return BatchBackward<T, W>{in(s.in),
                                 in(s.gradient),
                                 in(s.output),
                                 floats(s.statistics),
                                 floats(s.weight),
                                 floats(s.bias_gradient),
                                 floats(s.weight_gradient),
                                 out(s.out),
                                 s.rows,
                                 s.channels};
    });
  }

  void operator()(const NormGradientStep& s) {
    constexpr Index kSums = NormTerm<T>::kSums;
    const Index columns = s.which.columns;
    machine_.columns(s.rows, columns, s.slices,
                     NormTerm<T>{in(s.in), in(s.gradient), in(s.output), floats(s.statistics), s.which},
                     floats(s.partial));
    machine_.rows(columns, s.slices,
                  AddSlices{floats(s.partial), floats(s.bias_gradient), columns, s.slices, 0, kSums});
    machine_.rows(columns, s.slices,
                  AddSlices{floats(s.partial), floats(s.weight_gradient), columns, s.slices, 1, kSums});
  }

  void operator()(const GroupNormStep& s) {
    if (s.backward) {
      machine_.rows(
          s.rows, s.shape.size(),
          GroupBackward<T>{in(s.in), in(s.gradient), floats(s.statistics), floats(s.weight), out(s.out), s.shape});
    } else {
      machine_.rows(s.rows, s.shape.size(),
                    GroupForward<T>{in(s.in), floats(s.weight), floats(s.bias), out(s.out), floats(s.statistics),
                                    s.shape, s.epsilon});
    }
  }

  void operator()(const EmbeddingStep& s) {
    machine_.each(s.count * s.width, EmbeddingForward<T>{floats(s.tokens), floats(s.weight), floats(s.position),
                                                         out(s.out), s.positions, s.vocabulary, s.width});
  }

  void operator()(const EmbeddingGradientStep& s) {
    machine_.rows(
        s.vocabulary, s.width,
        EmbeddingGradient<T>{floats(s.tokens), in(s.gradient), floats(s.out), s.count, s.vocabulary, s.width});
  }

  void operator()(const HeadsStep& s) {
    const Index count = s.samples * s.positions * s.parts * s.heads * s.width;
    if (s.merge) {
      machine_.each(count, MergeHeads<T>{in(s.in), out(s.out), s.samples, s.positions, s.parts, s.heads, s.width});
    } else {
      machine_.each(count, SplitHeads<T>{in(s.in), out(s.out), s.samples, s.positions, s.parts, s.heads, s.width});
    }
  }

  void operator()(const SoftmaxStep& s) {
    machine_.rows(s.rows, s.positions, SoftmaxForward<T>{in(s.in), out(s.out), s.positions, s.causal});
  }

  void operator()(const SoftmaxBackwardStep& s) {
    machine_.rows(s.rows, s.positions, SoftmaxBackward<T>{in(s.gradient), in(s.output), out(s.out), s.positions});
  }

  void operator()(const LossStep& s) {
    machine_.rows(s.rows, s.classes,
                  CrossEntropy<T>{in(s.logits), machine_.template at<std::int32_t>(s.labels), out(s.gradient),
                                  floats(s.losses), s.rows, s.classes});
    machine_.rows(1, s.rows,
                  SumLosses{floats(s.losses), machine_.template at<std::uint64_t>(s.counted),
                            machine_.template at<Result>(s.result)});
  }

 private:
  const T* in(ValueId id) { return machine_.template at<T>(id); }
  T* out(ValueId id) { return machine_.template at<T>(id); }
  float* floats(ValueId id) { return machine_.template at<float>(id); }

  // Values are padded to a multiple of a pack's size.
  template <typename F>
  void packs(Index elements, const F& f) {
    machine_.each((elements + kWidth<T> - 1) / kWidth<T>, f);
  }
  template <typename F>
  void map(const MapStep& s, F f) {
    packs(s.elements, Map<T, F>{in(s.first), out(s.out), f});
  }
  template <typename F>
  void map2(const MapStep& s, F f) {
    packs(s.elements, Map2<T, F>{in(s.first), in(s.second), out(s.out), f});
  }
  template <typename Make>
  void by_channels(Index rows, Index channels, const Make& make) {
    if (channels % kWidth<T> == 0) {
      packs(rows * channels, make.template operator()<kWidth<T>>());
    } else {
      machine_.each(rows * channels, make.template operator()<1>());
    }
  }
  template <typename From, typename To>
  void transpose(const TransposeStep& s) {
    machine_.each(
        s.blocks * s.rows * s.columns,
        Transpose<From, To>{machine_.template at<From>(s.in), machine_.template at<To>(s.out), s.rows, s.columns});
  }

  Machine& machine_;
};

// Slice s of so many has the rows [slice_begin(s), slice_begin(s + 1)).
GEOMX_KERNEL inline Index slice_begin(Index rows, Index slices, Index slice) {
  return static_cast<Index>(std::uint64_t{rows} * slice / slices);
}

}  // namespace geomx::trainer::cuda

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "trainer/cuda/run_step.h"
#include "trainer/tensor/dropout.h"
#include "trainer/tensor/tensors.h"

namespace geomx::trainer::testing {

// Carries out a CUDA backend's program on the host: its kernels' own code, element by element, and plain loops in place
// of the libraries. For small networks.
class HostMachine {
 public:
  using ValueId = cuda::ValueId;
  using Index = cuda::Index;

  HostMachine(const Graph& graph, std::size_t batch, cuda::Number number, bool training)
      : program_(cuda::make_program(graph, batch, number, training)) {
    const auto block = [&](cuda::Home home, std::size_t bytes) { blocks_[home] = AlignedBuffer(bytes + kPadding); };
    block(cuda::Home::arena, program_.arena);
    block(cuda::Home::parameters, cuda::offsets_of(graph.parameters()).back());
    block(cuda::Home::gradients, cuda::offsets_of(graph.parameters()).back());
    block(cuda::Home::buffers, cuda::offsets_of(graph.buffers()).back());
    block(cuda::Home::samples, batch * elements(graph.input_shape()) * sizeof(float));
    block(cuda::Home::labels, cuda::labels_of(graph, batch) * sizeof(std::int32_t));
    block(cuda::Home::keys, graph.nodes().size() * sizeof(DropoutKey));
    block(cuda::Home::counted, sizeof(std::uint64_t));
    block(cuda::Home::result, sizeof(cuda::Result));
    // What is not written must not matter.
    std::memset(blocks_[cuda::Home::arena].data(), 0xff, program_.arena + kPadding);
    *block_of<std::uint64_t>(cuda::Home::counted) = cuda::labels_of(graph, batch);
  }

  const cuda::Program& program() const { return program_; }
  template <typename X>
  X* block_of(cuda::Home home) {
    return reinterpret_cast<X*>(blocks_.at(home).data());
  }

  void run() {
    for (const cuda::StepInfo& info : program_.steps) {
      if (program_.number == cuda::Number::fp32) {
        cuda::StepRunner<HostMachine, float>(*this).run(info.step);
      } else {
        cuda::StepRunner<HostMachine, cuda::Bf16>(*this).run(info.step);
      }
    }
  }

  // What a StepRunner wants.
  template <typename X>
  X* at(ValueId id) {
    if (id == cuda::kNone) return nullptr;
    const cuda::Value& value = program_.values[id];
    if (value.base != cuda::kNone) return reinterpret_cast<X*>(at<std::byte>(value.base) + value.offset);
    return reinterpret_cast<X*>(blocks_.at(value.home).data() + value.offset);
  }
  DropoutKey* keys() { return block_of<DropoutKey>(cuda::Home::keys); }
  template <typename F>
  void each(Index count, const F& f) {
    for (Index i = 0; i < count; ++i) f(i);
  }
  template <typename F>
  void rows(Index count, Index, const F& f) {
    for (Index row = 0; row < count; ++row) f(cuda::Alone{}, row);
  }
  template <typename F>
  void columns(Index rows, Index columns, Index slices, const F& f, float* partial) {
    for (Index slice = 0; slice < slices; ++slice) {
      for (Index column = 0; column < columns; ++column) {
        float sums[F::kSums] = {};
        const Index end = cuda::slice_begin(rows, slices, slice + 1);
        for (Index row = cuda::slice_begin(rows, slices, slice); row < end; ++row) f(row, column, sums);
        for (Index k = 0; k < F::kSums; ++k) partial[(slice * F::kSums + k) * columns + column] = sums[k];
      }
    }
  }
  void product(const cuda::ProductStep& s) {
    if (program_.number == cuda::Number::bf16) {
      s.out_fp32 ? product<cuda::Bf16, float>(s) : product<cuda::Bf16, cuda::Bf16>(s);
    } else {
      product<float, float>(s);
    }
  }
  void convolve(const cuda::ConvolutionStep& s) {
    program_.number == cuda::Number::bf16 ? convolve<cuda::Bf16>(s) : convolve<float>(s);
  }

 private:
  static constexpr std::size_t kPadding = 256;

  template <typename T, typename Out>
  void product(const cuda::ProductStep& s) {
    for (Index b = 0; b < s.batch; ++b) {
      const T* left = at<T>(s.a) + std::size_t{b} * s.m * s.k;
      const T* right = at<T>(s.b) + std::size_t{b} * s.k * s.n;
      Out* out = at<Out>(s.out) + std::size_t{b} * s.m * s.n;
      for (Index i = 0; i < s.m; ++i) {
        for (Index j = 0; j < s.n; ++j) {
          float sum = 0;
          for (Index k = 0; k < s.k; ++k) {
            sum += cuda::to_float(left[s.transpose_a ? k * s.m + i : i * s.k + k]) *
                   cuda::to_float(right[s.transpose_b ? j * s.k + k : k * s.n + j]);
          }
          sum *= s.alpha;
          if (s.bias != cuda::kNone) sum += cuda::to_float(at<T>(s.bias)[j]);
          if (s.relu) sum = std::max(sum, 0.0F);
          out[i * s.n + j] = cuda::from_float<Out>(sum);
        }
      }
    }
  }

  template <typename T>
  void convolve(const cuda::ConvolutionStep& s) {
    const cuda::Groups& g = s.geometry;
    const cuda::Windows& w = g.windows;
    std::vector<float> sums;
    const auto for_all = [&](const auto& visit) {  // (sample's window, its output, element of the input, weight)
      for (Index window = 0; window < w.samples * w.out_height * w.out_width; ++window) {
        const cuda::Place p(window, w.out_height, w.out_width, 1);
        for (Index spot = 0, y = 0, x = 0; spot < g.spots(); ++spot) {
          if (!w.inside(p.y, p.x, spot, y, x)) continue;
          for (Index o = 0; o < g.outputs; ++o) {
            for (Index c = 0; c < w.channels; ++c) {
              visit(window * g.outputs + o, cuda::at(p.sample, y, x, c, w.height, w.width, w.channels),
                    (o * g.spots() + spot) * w.channels + c);
            }
          }
        }
      }
    };
    const T* first = at<T>(s.first);
    const T* second = at<T>(s.second);
    switch (s.pass) {
      case cuda::Pass::forward:
        sums.resize(w.samples * w.out_height * w.out_width * g.outputs);
        for_all([&](Index output, Index input, Index weight) {
          sums[output] += cuda::to_float(first[input]) * cuda::to_float(second[weight]);
        });
        break;
      case cuda::Pass::backward_data:
        sums.resize(w.inputs());
        for_all([&](Index output, Index input, Index weight) {
          sums[input] += cuda::to_float(first[output]) * cuda::to_float(second[weight]);
        });
        break;
      case cuda::Pass::backward_weight:
        sums.resize(g.outputs * g.spots() * w.channels);
        for_all([&](Index output, Index input, Index weight) {
          sums[weight] += cuda::to_float(first[input]) * cuda::to_float(second[output]);
        });
        break;
    }
    for (std::size_t i = 0; i < sums.size(); ++i) at<T>(s.out)[i] = cuda::from_float<T>(sums[i]);
  }

  cuda::Program program_;
  std::map<cuda::Home, AlignedBuffer> blocks_;
};

}  // namespace geomx::trainer::testing

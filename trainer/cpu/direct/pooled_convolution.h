#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "trainer/cpu/direct/kernels.h"

namespace geomx::trainer::direct {

// A convolution of stride 1 with bias, ReLU and a max-pool of 2x2 windows at stride 2 (which drops a last odd row or
// column), as one operation, forwards and backwards. The convolution's own output, four times what the pool leaves, is
// never stored; and of its gradient at most one element in four is not zero, so backwards costs a quarter of the
// multiplications at most, and nothing for windows that ReLU has closed.
struct PooledConvolution {
  long batch = 0;
  long channels_in = 0;
  long height = 0;
  long width = 0;
  long channels_out = 0;
  long kernel = 0;
  long padding = 0;

  long pooled_height() const { return (height + 2 * padding - kernel + 1) / 2; }
  long pooled_width() const { return (width + 2 * padding - kernel + 1) / 2; }
  // Few channels are read as planes, {batch, channels, height, width}, as images come; others side by side, {batch,
  // height, width, channels}. What is put out always is side by side.
  bool planes() const { return channels_in < kBlock; }
};

// One PooledConvolution, planned for a number of threads (OpenMP's). The same input and number of threads give the same
// bits; forward() and the gradient of the source do not even depend on the number. Nothing is allocated after the
// constructor: scratch comes from the caller, scratch_bytes() of it, aligned to 64 bytes, and holds nothing between
// calls. Weights and their gradient are {channels_out, channels_in, kernel, kernel}. Values: a NaN in the source or the
// weights is one in the output. Threading: calls may run side by side, each with scratch of its own.
class PooledConvolutionPlan {
 public:
  // Nothing where this processor or this shape has no kernel: wanted are AVX-512 or AVX2, kernels of 3 or 5, up to 4
  // channels in or a multiple of 16, a multiple of 16 out, at least one window.
  static std::optional<PooledConvolutionPlan> make(const PooledConvolution& shape, int threads);
  // With these kernels: for tests and benchmarks.
  static std::optional<PooledConvolutionPlan> make(const PooledConvolution& shape, int threads, const Kernels* kernels);

  const char* name() const { return kernels_->name; }  // "avx512"
  std::size_t scratch_bytes() const { return static_cast<std::size_t>(threads_) * offsets_.size; }

  // output, winners: {batch, pooled_height, pooled_width, channels_out}. The winners are for backward().
  void forward(const float* source, const float* weights, const float* bias, float* output, std::uint8_t* winners,
               std::byte* scratch) const;
  // `gradient` is the output's. Overwrites weights_gradient and bias_gradient and, where it is not null (which it has
  // to be for planes), source_gradient.
  void backward(const float* source, const float* weights, const std::uint8_t* winners, const float* gradient,
                float* weights_gradient, float* bias_gradient, float* source_gradient, std::byte* scratch) const;

 private:
  PooledConvolutionPlan(const PooledConvolution& shape, int threads, const Kernels* kernels);
  struct Share;  // what one thread has of the scratch
  Share share(std::byte* scratch, int thread) const;
  const float* padded(const float* source, long image, float* to) const;
  void backward_planes(long image, const float* source, const std::uint8_t* winners, const float* gradient,
                       const Share& mine) const;
  void backward_lists(long first, long last, const float* source, const std::uint8_t* winners, const float* gradient,
                      float* source_gradient, const Share& mine) const;
  void fill_lists(long first, long last, const std::uint8_t* winners, const float* gradient, const Share& mine) const;

  PooledConvolution shape_;
  Layer layer_;
  int threads_;
  const Kernels* kernels_;
  long weights_;       // how many
  long image_;         // floats of a padded image
  long source_image_;  // floats of one as it comes
  long output_;        // values that an image puts out
  long images_;        // that are worked on together, so that they stay in the first cache
  long list_;          // entries that a list has room for
  // Bytes in each thread's share of the scratch; the packed weights come first.
  struct Offsets {
    std::size_t weights = 0;
    std::size_t bias = 0;
    std::size_t images = 0;
    std::size_t images_gradient = 0;
    std::size_t lists = 0;
    std::size_t lengths = 0;
    std::size_t size = 0;
  };
  Offsets offsets_;
};

}  // namespace geomx::trainer::direct

#include "trainer/cpu/direct/pooled_convolution.h"

#include <algorithm>
#include <cstring>

#include "trainer/cpu/direct/parallel.h"

namespace geomx::trainer::direct {
namespace {

constexpr long kTogether = 16 * 1024 / sizeof(float);  // floats of images: half of a first cache of 32 KiB

std::size_t aligned(std::size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

// {out, in, taps} -> {out / kBlock, taps, in, kBlock}. Read in its order: a packed block stays in the first cache, what
// is packed need not.
void pack_for_forward(const float* weights, long out, long in, long taps, float* packed) {
  for (long o = 0; o < out; ++o) {
    float* block = packed + o / kBlock * taps * in * kBlock + o % kBlock;
    for (long i = 0; i < in; ++i) {
      for (long tap = 0; tap < taps; ++tap) block[(tap * in + i) * kBlock] = *weights++;
    }
  }
}

// {out, in, taps} -> {in / kBlock, out, taps, kBlock}
void pack_for_lists(const float* weights, long out, long in, long taps, float* packed) {
  for (long o = 0; o < out; ++o) {
    for (long i = 0; i < in; ++i) {
      float* block = packed + (i / kBlock * out + o) * taps * kBlock + i % kBlock;
      for (long tap = 0; tap < taps; ++tap) block[tap * kBlock] = *weights++;
    }
  }
}

// Runs part(0) ... part(parts - 1), each as one piece, on the threads that there are.
template <typename Part>
void in_parallel(int parts, const Part& part) {
  parallel_for(parts, parts, [&](long i) { part(static_cast<int>(i)); });
}

}  // namespace

struct PooledConvolutionPlan::Share {
  float* packed;   // the weights: a copy per thread is made sooner than another core's is fetched
  float* weights;  // its part of the gradient's sum
  float* bias;
  float* images;  // with padding
  float* images_gradient;
  Entry* lists;
  int* lengths;
};

std::optional<PooledConvolutionPlan> PooledConvolutionPlan::make(const PooledConvolution& shape, int threads) {
  const Kernels* kernels = avx512_kernels();
  return make(shape, threads, kernels != nullptr ? kernels : avx2_kernels());
}

std::optional<PooledConvolutionPlan> PooledConvolutionPlan::make(const PooledConvolution& shape, int threads,
                                                                 const Kernels* kernels) {
  const bool channels = (shape.channels_in >= 1 && shape.channels_in <= 4) || shape.channels_in % kBlock == 0;
  const bool fits = kernels != nullptr && threads >= 1 && shape.batch >= 1 && channels && shape.channels_out > 0 &&
                    shape.channels_out % kBlock == 0 && (shape.kernel == 3 || shape.kernel == 5) &&
                    shape.padding >= 0 && shape.pooled_height() >= 1 && shape.pooled_width() >= 1;
  if (!fits) return std::nullopt;
  return PooledConvolutionPlan(shape, threads, kernels);
}

PooledConvolutionPlan::PooledConvolutionPlan(const PooledConvolution& shape, int threads, const Kernels* kernels)
    : shape_(shape), threads_(threads), kernels_(kernels) {
  layer_ = {shape.planes(),
            shape.channels_in,
            shape.height + 2 * shape.padding,
            shape.width + 2 * shape.padding,
            shape.channels_out,
            shape.kernel,
            shape.pooled_height(),
            shape.pooled_width()};
  weights_ = shape.channels_out * shape.channels_in * shape.kernel * shape.kernel;
  image_ = layer_.channels_in * layer_.height * layer_.width;
  source_image_ = shape.channels_in * shape.height * shape.width;
  output_ = layer_.pooled_height * layer_.pooled_width * layer_.channels_out;
  images_ = layer_.planes ? 1 : std::clamp(kTogether / image_, 1L, (shape.batch + threads - 1) / threads);
  list_ = images_ * layer_.pooled_height * layer_.pooled_width;

  const auto bytes = [](long count, std::size_t size) { return aligned(static_cast<std::size_t>(count) * size); };
  const long padded_images = layer_.planes ? image_ + kRowSlack : shape.padding > 0 ? images_ * image_ : 0;
  offsets_.weights = bytes(weights_, sizeof(float));
  offsets_.bias = offsets_.weights + bytes(weights_, sizeof(float));
  offsets_.images = offsets_.bias + bytes(shape.channels_out, sizeof(float));
  offsets_.images_gradient = offsets_.images + bytes(padded_images, sizeof(float));
  offsets_.lists = offsets_.images_gradient + bytes(layer_.planes ? 0 : padded_images, sizeof(float));
  offsets_.lengths = offsets_.lists + bytes(layer_.planes ? 0 : shape.channels_out * list_, sizeof(Entry));
  offsets_.size = offsets_.lengths + bytes(shape.channels_out, sizeof(int));
}

PooledConvolutionPlan::Share PooledConvolutionPlan::share(std::byte* scratch, int thread) const {
  std::byte* mine = scratch + static_cast<std::size_t>(thread) * offsets_.size;
  const auto floats = [&](std::size_t offset) { return reinterpret_cast<float*>(mine + offset); };
  return {floats(0),
          floats(offsets_.weights),
          floats(offsets_.bias),
          floats(offsets_.images),
          floats(offsets_.images_gradient),
          reinterpret_cast<Entry*>(mine + offsets_.lists),
          reinterpret_cast<int*>(mine + offsets_.lengths)};
}

// Image number `image` where there is no padding, else a copy of it in `to` with zeros around it.
const float* PooledConvolutionPlan::padded(const float* source, long image, float* to) const {
  const float* from = source + image * source_image_;
  if (shape_.padding == 0) return from;
  const long column = layer_.planes ? 1 : shape_.channels_in;
  const long planes = layer_.planes ? shape_.channels_in : 1;
  std::fill_n(to, image_, 0.0f);
  for (long plane = 0; plane < planes; ++plane) {
    for (long h = 0; h < shape_.height; ++h) {
      const float* row = from + (plane * shape_.height + h) * shape_.width * column;
      const long at = (plane * layer_.height + h + shape_.padding) * layer_.width + shape_.padding;
      std::copy_n(row, shape_.width * column, to + at * column);
    }
  }
  return to;
}

void PooledConvolutionPlan::forward(const float* source, const float* weights, const float* bias, float* output,
                                    std::uint8_t* winners, std::byte* scratch) const {
  in_parallel(threads_, [&](int part) {
    const Share mine = share(scratch, part);
    pack_for_forward(weights, shape_.channels_out, shape_.channels_in, shape_.kernel * shape_.kernel, mine.packed);
    for (long i = shape_.batch * part / threads_; i < shape_.batch * (part + 1) / threads_; ++i) {
      kernels_->forward(layer_, padded(source, i, mine.images), mine.packed, bias, output + i * output_,
                        winners + i * output_);
    }
  });
}

void PooledConvolutionPlan::backward(const float* source, const float* weights, const std::uint8_t* winners,
                                     const float* gradient, float* weights_gradient, float* bias_gradient,
                                     float* source_gradient, std::byte* scratch) const {
  const long in = shape_.channels_in;
  const long taps = shape_.kernel * shape_.kernel;
  in_parallel(threads_, [&](int part) {
    const Share mine = share(scratch, part);
    if (source_gradient != nullptr) pack_for_lists(weights, shape_.channels_out, in, taps, mine.packed);
    std::fill_n(mine.weights, weights_, 0.0f);
    std::fill_n(mine.bias, shape_.channels_out, 0.0f);
    const long end = shape_.batch * (part + 1) / threads_;
    for (long i = shape_.batch * part / threads_; i < end; i += images_) {
      if (layer_.planes) {
        backward_planes(i, source, winners, gradient, mine);
      } else {
        backward_lists(i, std::min(i + images_, end), source, winners, gradient, source_gradient, mine);
      }
    }
  });
  // The threads' parts are added in their order, and put into the layout of the weights.
  in_parallel(threads_, [&](int part) {
    for (long o = shape_.channels_out * part / threads_; o < shape_.channels_out * (part + 1) / threads_; ++o) {
      bias_gradient[o] = 0;
      std::fill_n(weights_gradient + o * in * taps, in * taps, 0.0f);
      for (int thread = 0; thread < threads_; ++thread) {
        const Share other = share(scratch, thread);
        bias_gradient[o] += other.bias[o];
        for (long i = 0; i < in; ++i) {
          const long at = layer_.planes ? (o / kBlock * in + i) * taps * kBlock + o % kBlock
                                        : (i / kBlock * shape_.channels_out + o) * taps * kBlock + i % kBlock;
          float* to = weights_gradient + (o * in + i) * taps;
          for (long tap = 0; tap < taps; ++tap) to[tap] += other.weights[at + tap * kBlock];
        }
      }
    }
  });
}

void PooledConvolutionPlan::backward_planes(long image, const float* source, const std::uint8_t* winners,
                                            const float* gradient, const Share& mine) const {
  // A copy in any case: the kernel reads a little beyond the end.
  const float* planes = padded(source, image, mine.images);
  if (planes != mine.images) std::copy_n(planes, image_, mine.images);
  std::fill_n(mine.images + image_, kRowSlack, 0.0f);
  kernels_->plane_weights(layer_, mine.images, winners + image * output_, gradient + image * output_, mine.weights,
                          mine.bias);
}

void PooledConvolutionPlan::backward_lists(long first, long last, const float* source, const std::uint8_t* winners,
                                           const float* gradient, float* source_gradient, const Share& mine) const {
  fill_lists(first, last, winners, gradient, mine);
  const float* images = source + first * source_image_;
  if (shape_.padding > 0) {
    for (long i = first; i < last; ++i) padded(source, i, mine.images + (i - first) * image_);
    images = mine.images;
  }
  kernels_->list_weights(layer_, images, mine.lists, list_, mine.lengths, mine.weights, mine.bias);
  if (source_gradient == nullptr) return;
  float* wanted = source_gradient + first * source_image_;
  float* images_gradient = shape_.padding > 0 ? mine.images_gradient : wanted;
  std::fill_n(images_gradient, (last - first) * image_, 0.0f);
  kernels_->list_images(layer_, mine.lists, list_, mine.lengths, mine.packed, images_gradient);
  if (shape_.padding == 0) return;
  const long row = shape_.width * shape_.channels_in;
  for (long i = 0; i < last - first; ++i) {
    for (long h = 0; h < shape_.height; ++h) {
      const long at = ((i * layer_.height + h + shape_.padding) * layer_.width + shape_.padding) * shape_.channels_in;
      std::copy_n(images_gradient + at, row, wanted + i * source_image_ + h * row);
    }
  }
}

// For each channel, the elements of the convolution's output that a gradient reaches.
void PooledConvolutionPlan::fill_lists(long first, long last, const std::uint8_t* winners, const float* gradient,
                                       const Share& mine) const {
  const long channels = layer_.channels_out;
  const long column = layer_.channels_in;
  const long row = layer_.width * column;
  const std::int32_t places[kNone + 1] = {0, static_cast<std::int32_t>(column), static_cast<std::int32_t>(row),
                                          static_cast<std::int32_t>(row + column), 0};
  std::fill_n(mine.lengths, channels, 0);
  long at = first * output_;
  for (long image = 0; image < last - first; ++image) {
    for (long h = 0; h < layer_.pooled_height; ++h) {
      for (long w = 0; w < layer_.pooled_width; ++w, at += channels) {
        const auto base = static_cast<std::int32_t>(image * image_ + 2 * h * row + 2 * w * column);
        for (long channel = 0; channel < channels; ++channel) {
          // Written in any case, counted where it is wanted: a branch would be guessed wrong too often.
          const std::uint8_t winner = winners[at + channel];
          int& length = mine.lengths[channel];
          mine.lists[channel * list_ + length] = {base + places[winner], gradient[at + channel]};
          length += winner != kNone ? 1 : 0;
        }
      }
    }
  }
}

}  // namespace geomx::trainer::direct

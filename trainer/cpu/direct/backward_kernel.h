// Included like forward_kernel.h, after it.

// Known when this is compiled, the distance of two pixels is part of an instruction; all of them as variables would
// take more registers than there are.
template <int Column>
inline long column_of(long channels) {
  return Column != 0 ? Column : channels;
}

// Keeps the compiler from computing all rows' addresses ahead.
inline const float* next_row(const float* pixel, long row) {
  pixel += row;
  asm("" : "+r"(pixel));
  return pixel;
}
inline float* next_row(float* pixel, long row) {
  pixel += row;
  asm("" : "+r"(pixel));
  return pixel;
}

// Rows [First, Last) of the kernel, the channels of one vector: acc += gradient * patch for each entry.
template <int Kernel, int Column, int First, int Last>
inline float gather_rows(const Entry* entry, const Entry* end, const float* images, long row, long channels,
                         float* weights_gradient) {
  constexpr int kTaps = (Last - First) * Kernel;
  const long column = column_of<Column>(channels);
  Floats sums[kTaps];
  float total = 0;
#pragma GCC unroll 32
  for (int i = 0; i < kTaps; ++i) sums[i] = load(weights_gradient + (First * Kernel + i) * kBlock);
  for (; entry != end; ++entry) {
    const Floats gradient = broadcast(entry->gradient);
    const float* pixel = images + entry->offset + First * row;
    total += entry->gradient;
#pragma GCC unroll 32
    for (int i = 0; i < kTaps; ++i) {
      sums[i] += gradient * load(pixel + i % Kernel * column);
      if (i % Kernel == Kernel - 1) pixel = next_row(pixel, row);
    }
  }
#pragma GCC unroll 32
  for (int i = 0; i < kTaps; ++i) store(weights_gradient + (First * Kernel + i) * kBlock, sums[i]);
  return total;
}

// The same rows: patch += gradient * weights for each entry, the weights in registers.
template <int Kernel, int Column, int First, int Last>
inline void scatter_rows(const Entry* entry, const Entry* end, const float* weights, long row, long channels,
                         float* images_gradient) {
  constexpr int kTaps = (Last - First) * Kernel;
  const long column = column_of<Column>(channels);
  Floats values[kTaps];
#pragma GCC unroll 32
  for (int i = 0; i < kTaps; ++i) values[i] = load(weights + (First * Kernel + i) * kBlock);
  for (; entry != end; ++entry) {
    const Floats gradient = broadcast(entry->gradient);
    float* pixel = images_gradient + entry->offset + First * row;
#pragma GCC unroll 32
    for (int i = 0; i < kTaps; ++i) {
      float* sum = pixel + i % Kernel * column;
      store(sum, load(sum) + gradient * values[i]);
      if (i % Kernel == Kernel - 1) pixel = next_row(pixel, row);
    }
  }
}

// Calls `rows` for as many rows of the kernel at a time as the registers hold.
template <int Kernel, int First = 0, typename Rows>
inline void each_rows(const Rows& rows) {
  constexpr int kLast = First + kKernelRows < Kernel ? First + kKernelRows : Kernel;
  rows(Count<First>(), Count<kLast>());
  if constexpr (kLast < Kernel) each_rows<Kernel, kLast>(rows);
}

template <int Kernel, int Column>
void list_weights_of(const Layer& layer, const float* images, const Entry* lists, long stride, const int* lengths,
                     float* weights_gradient, float* bias_gradient) {
  const long column = layer.channels_in;
  for (long in = 0; in < layer.channels_in; in += kLanes) {
    float* block = weights_gradient + in / kBlock * layer.channels_out * Kernel * Kernel * kBlock + in % kBlock;
    for (long channel = 0; channel < layer.channels_out; ++channel) {
      const Entry* list = lists + channel * stride;
      const Entry* end = list + lengths[channel];
      each_rows<Kernel>([&](auto first, auto last) __attribute__((always_inline)) {
        const float total = gather_rows<Kernel, Column, decltype(first)::value, decltype(last)::value>(
            list, end, images + in, layer.width * column, column, block + channel * Kernel * Kernel * kBlock);
        if (in == 0 && decltype(first)::value == 0) bias_gradient[channel] += total;
      });
    }
  }
}

void list_weights(const Layer& layer, const float* images, const Entry* lists, long stride, const int* lengths,
                  float* weights_gradient, float* bias_gradient) {
  const auto function = layer.kernel == 5
                            ? (layer.channels_in == 16 ? &list_weights_of<5, 16> : &list_weights_of<5, 0>)
                            : (layer.channels_in == 16 ? &list_weights_of<3, 16> : &list_weights_of<3, 0>);
  function(layer, images, lists, stride, lengths, weights_gradient, bias_gradient);
}

template <int Kernel, int Column>
void list_images_of(const Layer& layer, const Entry* lists, long stride, const int* lengths, const float* weights,
                    float* images_gradient) {
  const long column = layer.channels_in;
  for (long in = 0; in < layer.channels_in; in += kLanes) {
    const float* block = weights + in / kBlock * layer.channels_out * Kernel * Kernel * kBlock + in % kBlock;
    for (long channel = 0; channel < layer.channels_out; ++channel) {
      const Entry* list = lists + channel * stride;
      each_rows<Kernel>([&](auto first, auto last) __attribute__((always_inline)) {
        scatter_rows<Kernel, Column, decltype(first)::value, decltype(last)::value>(
            list, list + lengths[channel], block + channel * Kernel * Kernel * kBlock, layer.width * column, column,
            images_gradient + in);
      });
    }
  }
}

void list_images(const Layer& layer, const Entry* lists, long stride, const int* lengths, const float* weights,
                 float* images_gradient) {
  const auto function = layer.kernel == 5 ? (layer.channels_in == 16 ? &list_images_of<5, 16> : &list_images_of<5, 0>)
                                          : (layer.channels_in == 16 ? &list_images_of<3, 16> : &list_images_of<3, 0>);
  function(layer, lists, stride, lengths, weights, images_gradient);
}

// Rows [First, Last) of the kernel for one plane and the output channels of one vector, over all windows. Each channel
// has a winner of its own in a window, so each picks its pixel out of the rows; `picks` (the instruction set's) does it
// for all columns of a row of the kernel.
template <int Kernel, int First, int Last>
inline void plane_rows(const Layer& layer, const float* plane, const std::uint8_t* winners, const float* gradient,
                       float* weights_gradient, float* bias_gradient) {
  Floats sums[Last - First][Kernel];
  Floats total{};
#pragma GCC unroll 32
  for (int i = 0; i < (Last - First) * Kernel; ++i) {
    sums[i / Kernel][i % Kernel] = load(weights_gradient + (First * Kernel + i) * kBlock);
  }
  for (long h = 0; h < layer.pooled_height; ++h) {
    for (long w = 0; w < layer.pooled_width; ++w) {
      const long at = (h * layer.pooled_width + w) * layer.channels_out;
      const Integers winner = __builtin_convertvector(*reinterpret_cast<const Bytes*>(winners + at), Integers);
      const Floats arrived = winner == int{kNone} ? Floats{} : load(gradient + at);
      total += arrived;
      pick_rows<Kernel, First, Last>(plane + 2 * h * layer.width + 2 * w, layer.width, winner, arrived, sums);
    }
  }
#pragma GCC unroll 32
  for (int i = 0; i < (Last - First) * Kernel; ++i) {
    store(weights_gradient + (First * Kernel + i) * kBlock, sums[i / Kernel][i % Kernel]);
  }
  if (bias_gradient != nullptr) store(bias_gradient, load(bias_gradient) + total);
}

template <int Kernel>
void plane_weights_of(const Layer& layer, const float* image, const std::uint8_t* winners, const float* gradient,
                      float* weights_gradient, float* bias_gradient) {
  for (long channel = 0; channel < layer.channels_out; channel += kLanes) {
    for (long in = 0; in < layer.channels_in; ++in) {
      float* block = weights_gradient + (channel / kBlock * layer.channels_in + in) * Kernel * Kernel * kBlock;
      each_rows<Kernel>([&](auto first, auto last) __attribute__((always_inline)) {
        plane_rows<Kernel, decltype(first)::value, decltype(last)::value>(
            layer, image + in * layer.height * layer.width, winners + channel, gradient + channel,
            block + channel % kBlock, in == 0 && decltype(first)::value == 0 ? bias_gradient + channel : nullptr);
      });
    }
  }
}

void plane_weights(const Layer& layer, const float* image, const std::uint8_t* winners, const float* gradient,
                   float* weights_gradient, float* bias_gradient) {
  const auto function = layer.kernel == 5 ? &plane_weights_of<5> : &plane_weights_of<3>;
  function(layer, image, winners, gradient, weights_gradient, bias_gradient);
}

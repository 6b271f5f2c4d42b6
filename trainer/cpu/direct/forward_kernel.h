// Included by the file of each instruction set, inside its unnamed namespace, after it has defined kLanes and the types
// Floats, UnalignedFloats, Integers and Bytes (vectors of kLanes). No include guard and no include: it is text.

inline Floats load(const float* from) {
  return *reinterpret_cast<const UnalignedFloats*>(from);
}
inline void store(float* to, Floats values) {
  *reinterpret_cast<UnalignedFloats*>(to) = values;
}
inline Floats broadcast(float value) {
  return value - Floats{};
}

// ReLU and the maximum of each 2x2 window in one go. NaN beats everything, so that it is seen further on.
template <int Vectors, int Windows>
inline void pool(const Floats (&sums)[2][2 * Windows][Vectors], float* output, std::uint8_t* winners,
                 long channels_out) {
#pragma GCC unroll 16
  for (int window = 0; window < Windows; ++window) {
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
      Floats best = sums[0][2 * window][v];
      Integers winner{};
#pragma GCC unroll 3
      for (int i = 1; i < 4; ++i) {
        const Floats value = sums[i / 2][2 * window + i % 2][v];
        const auto wins = (value > best) | (value != value);
        best = wins ? value : best;
        winner = wins ? Integers{} + i : winner;
      }
      const auto dead = best <= Floats{};
      const long at = window * channels_out + v * kLanes;
      store(output + at, dead ? Floats{} : best);
      winner = dead ? Integers{} + int{kNone} : winner;
      *reinterpret_cast<Bytes*>(winners + at) = __builtin_convertvector(winner, Bytes);
    }
  }
}

// The outputs of `Windows` windows next to each other for Vectors * kLanes channels: two rows of 2 * Windows sums in
// registers. `pixels` is the top left of the first patch.
template <bool Planes, int Kernel, int Vectors, int Windows>
inline void windows(const Layer& layer, const float* pixels, const float* weights, const float* bias, float* output,
                    std::uint8_t* winners) {
  const long block = Kernel * Kernel * layer.channels_in * kBlock;  // from 16 channels to the next
  const long column = Planes ? 1 : layer.channels_in;
  const long row = layer.width * column;
  Floats sums[2][2 * Windows][Vectors];
#pragma GCC unroll 32
  for (int i = 0; i < 4 * Windows * Vectors; ++i) {
    sums[i / Vectors / (2 * Windows)][i / Vectors % (2 * Windows)][i % Vectors] = load(bias + i % Vectors * kLanes);
  }
  const auto tap = [&](const float* patch, const float* weight) __attribute__((always_inline)) {
    Floats values[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
      values[v] = load(weight + v * kLanes / kBlock * block + v * kLanes % kBlock);
    }
#pragma GCC unroll 2
    for (int r = 0; r < 2; ++r) {
#pragma GCC unroll 16
      for (int c = 0; c < 2 * Windows; ++c) {
        const Floats pixel = broadcast(patch[r * row + c * column]);
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) sums[r][c][v] += pixel * values[v];
      }
    }
  };
  if constexpr (Planes) {
    for (long channel = 0; channel < layer.channels_in; ++channel) {
      const float* plane = pixels + channel * layer.height * layer.width;
      for (int kh = 0; kh < Kernel; ++kh) {
#pragma GCC unroll 5
        for (int kw = 0; kw < Kernel; ++kw) {
          tap(plane + kh * row + kw, weights + ((kh * Kernel + kw) * layer.channels_in + channel) * kBlock);
        }
      }
    }
  } else {
    for (int kh = 0; kh < Kernel; ++kh) {
      // The columns of a patch lie one behind the other, and so do their weights.
      const float* patch = pixels + kh * row;
      const float* weight = weights + kh * Kernel * column * kBlock;
      for (long i = 0; i < Kernel * column; ++i) tap(patch + i, weight + i * kBlock);
    }
  }
  pool<Vectors, Windows>(sums, output, winners, layer.channels_out);
}

template <bool Planes, int Kernel, int Vectors, int Windows>
inline void forward_channels(const Layer& layer, const float* image, const float* weights, const float* bias,
                             float* output, std::uint8_t* winners) {
  const long column = Planes ? 1 : layer.channels_in;
  for (long h = 0; h < layer.pooled_height; ++h) {
    long w = 0;
    const auto at = [&](auto count) __attribute__((always_inline)) {
      const long out = (h * layer.pooled_width + w) * layer.channels_out;
      windows<Planes, Kernel, Vectors, decltype(count)::value>(layer, image + (2 * h * layer.width + 2 * w) * column,
                                                               weights, bias, output + out, winners + out);
      w += decltype(count)::value;
    };
    while (w + Windows <= layer.pooled_width) at(Count<Windows>());
    while (w < layer.pooled_width) at(Count<1>());
  }
}

// Tile sizes are the instruction set's: kHidden... where channels lie side by side, kPlane... of planes.
template <bool Planes, int Kernel>
void forward_image(const Layer& layer, const float* image, const float* weights, const float* bias, float* output,
                   std::uint8_t* winners) {
  constexpr int kVectors = Planes ? kPlaneVectors : kHiddenVectors;
  constexpr int kWindows = Planes ? kPlaneWindows : kHiddenWindows;
  const long size = Kernel * Kernel * layer.channels_in;
  long channel = 0;
  for (; channel + kVectors * kLanes <= layer.channels_out; channel += kVectors * kLanes) {
    forward_channels<Planes, Kernel, kVectors, kWindows>(layer, image, weights + channel * size, bias + channel,
                                                         output + channel, winners + channel);
  }
  for (; channel < layer.channels_out; channel += kBlock) {
    forward_channels<Planes, Kernel, kBlock / kLanes, kWindows>(layer, image, weights + channel * size, bias + channel,
                                                                output + channel, winners + channel);
  }
}

void forward(const Layer& layer, const float* image, const float* weights, const float* bias, float* output,
             std::uint8_t* winners) {
  const auto function = layer.planes ? (layer.kernel == 5 ? &forward_image<true, 5> : &forward_image<true, 3>)
                                     : (layer.kernel == 5 ? &forward_image<false, 5> : &forward_image<false, 3>);
  function(layer, image, weights, bias, output, winners);
}

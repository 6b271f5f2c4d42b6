// Included like forward_kernel.h, after it. Rows of the source times rows of the weights, both along their length:
// kLanes products at once, each in a register of its own, whose elements are then added up across registers.

constexpr int kLinearColumns = 4;
constexpr int kLinearRows = kLanes / kLinearColumns;  // so that the sums of a tile are one vector

// {sum of a's neighbours 0 and 1, of 2 and 3, ..., then b's}
inline Floats add_neighbours(Floats a, Floats b) {
  Integers even{};
#pragma GCC unroll 16
  for (int i = 0; i < kLanes; ++i) even[i] = 2 * i;
  return __builtin_shuffle(a, b, even) + __builtin_shuffle(a, b, even + 1);
}

// Element i is the sum of vectors[i].
inline Floats sums_of(Floats (&vectors)[kLanes]) {
#pragma GCC unroll 4
  for (int count = kLanes; count > 1; count /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < count / 2; ++i) vectors[i] = add_neighbours(vectors[2 * i], vectors[2 * i + 1]);
  }
  return vectors[0];
}

void linear(long rows, long length, const float* source, const float* weights, const float* bias, bool relu,
            float* output, long columns, long first, long last) {
  for (long column = first; column < last; column += kLinearColumns) {
    // Beyond the edges, what lies at them is computed again, and not stored.
    const float* weight[kLinearColumns];
    for (int c = 0; c < kLinearColumns; ++c) {
      weight[c] = weights + (column + c < last ? column + c : last - 1) * length;
    }
    for (long row = 0; row < rows; row += kLinearRows) {
      const float* pixel[kLinearRows];
      for (int r = 0; r < kLinearRows; ++r) pixel[r] = source + (row + r < rows ? row + r : rows - 1) * length;
      Floats products[kLanes] = {};
      for (long i = 0; i < length; i += kLanes) {
        Floats values[kLinearColumns];
#pragma GCC unroll 4
        for (int c = 0; c < kLinearColumns; ++c) values[c] = load(weight[c] + i);
#pragma GCC unroll 4
        for (int r = 0; r < kLinearRows; ++r) {
          const Floats other = load(pixel[r] + i);
#pragma GCC unroll 4
          for (int c = 0; c < kLinearColumns; ++c) products[r * kLinearColumns + c] += other * values[c];
        }
      }
      const Floats sums = sums_of(products);
      for (int r = 0; r < kLinearRows && row + r < rows; ++r) {
        for (int c = 0; c < kLinearColumns && column + c < last; ++c) {
          const float sum = sums[r * kLinearColumns + c] + (bias != nullptr ? bias[column + c] : 0.0f);
          output[(row + r) * columns + column + c] = relu && sum <= 0.0f ? 0.0f : sum;
        }
      }
    }
  }
}

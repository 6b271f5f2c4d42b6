#pragma once

#include <span>

namespace geomx::ps {

// sum[i] = addends[0][i] + addends[1][i] + ..., each element in that order, in one pass over memory: two addends or
// more, each as long as `sum`. True where every sum is finite; NaN or infinity in an addend always shows in its sum.
bool sum_arrays(std::span<const float* const> addends, std::span<float> sum);

// Neither NaN nor infinity is among them.
bool all_finite(std::span<const float> values);

}  // namespace geomx::ps

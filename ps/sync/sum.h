#pragma once

#include <span>

namespace geomx::ps {

// sum[i] = a[i] + b[i]. Equal lengths; `sum` may be `a`.
void add_arrays(std::span<const float> a, std::span<const float> b, std::span<float> sum);

// Neither NaN nor infinity is among them.
bool all_finite(std::span<const float> values);

}  // namespace geomx::ps

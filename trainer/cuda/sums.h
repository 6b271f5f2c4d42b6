#pragma once

#include "trainer/cuda/element.h"

// Sums over the rows of {rows, columns}, column by column, for biases and norms. Two kernels each: a term functor with
// kSums sums, which a machine adds up per slice of the rows into `partial` {slices, kSums, columns}; then a row per
// column that adds the slices, always in the same order: the same bits in every run.
namespace geomx::trainer::cuda {

template <typename T>
struct ColumnTerm {
  static constexpr int kSums = 1;
  const T* in;
  Index columns;
  GEOMX_KERNEL void operator()(Index row, Index column, float (&sums)[kSums]) const {
    sums[0] += to_float(in[row * columns + column]);
  }
};

// One sum of a column, by all of a team: `partial` is its first slice's, the others follow `stride` apart.
template <typename Team>
GEOMX_KERNEL float sum_of_slices(const Team& team, const float* partial, Index slices, Index stride) {
  float sum = 0;
  for (Index slice = team.lane(); slice < slices; slice += team.size()) sum += partial[slice * stride];
  return team.sum(sum);
}

// Sum number `which` of `sums` to out[column].
struct AddSlices {
  const float* partial;
  float* out;
  Index columns, slices, which, sums;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index column) const {
    const float sum = sum_of_slices(team, partial + which * columns + column, slices, sums * columns);
    if (team.lane() == 0) out[column] = sum;
  }
};

}  // namespace geomx::trainer::cuda

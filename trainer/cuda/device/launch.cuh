#pragma once

#include <algorithm>

#include "trainer/cuda/device/machine.h"
#include "trainer/cuda/run_step.h"

// How a card carries out the kernels' functors: each element by a thread, each row by a warp or a block.
namespace geomx::trainer::cuda {

inline constexpr unsigned kBlock = 256;  // threads
inline constexpr unsigned kWarp = 32;

template <typename F>
__global__ void __launch_bounds__(kBlock) each_kernel(Index count, F f) {
  const Index stride = gridDim.x * kBlock;
  for (Index i = blockIdx.x * kBlock + threadIdx.x; i < count; i += stride) f(i);
}

// Their functions are for the device alone; to the host they are declared, as functors are compiled for both.
struct Warp {
  GEOMX_KERNEL static Index lane() {
#if defined(__CUDA_ARCH__)
    return threadIdx.x % kWarp;
#else
    return 0;
#endif
  }
  GEOMX_KERNEL static Index size() {
    return kWarp;
  }
  GEOMX_KERNEL static float sum(float x) {
#if defined(__CUDA_ARCH__)
    for (unsigned distance = kWarp / 2; distance > 0; distance /= 2) x += __shfl_xor_sync(~0u, x, distance);
#endif
    return x;
  }
  GEOMX_KERNEL static float max(float x) {
#if defined(__CUDA_ARCH__)
    for (unsigned distance = kWarp / 2; distance > 0; distance /= 2) x = fmaxf(x, __shfl_xor_sync(~0u, x, distance));
#endif
    return x;
  }
};

// `shared` has a place for each warp.
struct Block {
  float* shared;
  GEOMX_KERNEL static Index lane() {
#if defined(__CUDA_ARCH__)
    return threadIdx.x;
#else
    return 0;
#endif
  }
  GEOMX_KERNEL static Index size() {
    return kBlock;
  }
  GEOMX_KERNEL float sum(float x) const {
#if defined(__CUDA_ARCH__)
    gather(Warp::sum(x));
    float all = 0;
    for (unsigned warp = 0; warp < kBlock / kWarp; ++warp) all += shared[warp];
    return all;
#else
    return x;
#endif
  }
  GEOMX_KERNEL float max(float x) const {
#if defined(__CUDA_ARCH__)
    gather(Warp::max(x));
    float all = shared[0];
    for (unsigned warp = 1; warp < kBlock / kWarp; ++warp) all = fmaxf(all, shared[warp]);
    return all;
#else
    return x;
#endif
  }
#if defined(__CUDACC__)
  __device__ void gather(float of_warp) const {
    __syncthreads();  // everyone has read the last one's
    if (threadIdx.x % kWarp == 0) shared[threadIdx.x / kWarp] = of_warp;
    __syncthreads();
  }
#endif
};

template <typename F>
__global__ void __launch_bounds__(kBlock) warp_rows_kernel(Index count, F f) {
  const Index row = blockIdx.x * (kBlock / kWarp) + threadIdx.x / kWarp;
  if (row < count) f(Warp{}, row);
}

template <typename F>
__global__ void __launch_bounds__(kBlock) block_rows_kernel(Index count, F f) {
  __shared__ float shared[kBlock / kWarp];
  for (Index row = blockIdx.x; row < count; row += gridDim.x) f(Block{shared}, row);
}

// A block has 32 columns and a slice; its 8 warps share the slice's rows.
template <typename F>
__global__ void __launch_bounds__(kBlock) columns_kernel(Index rows, Index columns, F f, float* partial) {
  constexpr unsigned kWarps = kBlock / kWarp;
  __shared__ float shared[F::kSums][kWarps][kWarp];
  const unsigned x = threadIdx.x % kWarp;
  const unsigned y = threadIdx.x / kWarp;
  const Index column = blockIdx.x * kWarp + x;
  const Index slice = blockIdx.y;
  float sums[F::kSums] = {};
  if (column < columns) {
    const Index end = slice_begin(rows, gridDim.y, slice + 1);
    for (Index row = slice_begin(rows, gridDim.y, slice) + y; row < end; row += kWarps) f(row, column, sums);
  }
  for (int k = 0; k < F::kSums; ++k) shared[k][y][x] = sums[k];
  __syncthreads();
  if (y != 0 || column >= columns) return;
  for (int k = 0; k < F::kSums; ++k) {
    float all = 0;
    for (unsigned warp = 0; warp < kWarps; ++warp) all += shared[k][warp][x];
    partial[(slice * F::kSums + k) * columns + column] = all;
  }
}

inline unsigned blocks_for(Index count, Index per_block) {
  constexpr Index kMostBlocks = 1u << 20;
  return std::clamp<Index>((count + per_block - 1) / per_block, 1, kMostBlocks);
}

template <typename F>
void Machine::each(Index count, const F& f) {
  each_kernel<<<blocks_for(count, kBlock), kBlock, 0, stream_>>>(count, f);
}

template <typename F>
void Machine::rows(Index count, Index width, const F& f) {
  constexpr Index kWidestForAWarp = 1024;
  if (width <= kWidestForAWarp) {
    const Index per_block = kBlock / kWarp;
    warp_rows_kernel<<<(count + per_block - 1) / per_block, kBlock, 0, stream_>>>(count, f);
  } else {
    block_rows_kernel<<<blocks_for(count, 1), kBlock, 0, stream_>>>(count, f);
  }
}

template <typename F>
void Machine::columns(Index rows, Index columns, Index slices, const F& f, float* partial) {
  columns_kernel<<<dim3((columns + kWarp - 1) / kWarp, slices), kBlock, 0, stream_>>>(rows, columns, f, partial);
}

}  // namespace geomx::trainer::cuda

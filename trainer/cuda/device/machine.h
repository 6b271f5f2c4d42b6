#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <cstddef>

#include "trainer/cuda/device/convolutions.h"
#include "trainer/cuda/device/products.h"
#include "trainer/cuda/program.h"
#include "trainer/tensor/dropout.h"

namespace geomx::trainer::cuda {

// A program on a card: what run_step.h calls a machine. Made for the current device.
class Machine {
 public:
  // Chooses the libraries' algorithms. `tf32`: products of fp32 values may be rounded to TF32.
  Machine(Program program, bool tf32);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const Program& program() const { return program_; }
  std::size_t workspace() const;  // bytes that the libraries want

  // Where each home is, and the workspace. To be called before run().
  using Homes = std::array<std::byte*, kHomes>;
  void place(const Homes& homes, std::byte* workspace);

  // Queues steps [begin, end) on the stream.
  void run(std::size_t begin, std::size_t end, cudaStream_t stream);

  // For StepRunner. The three templates are in launch.cuh.
  template <typename X>
  X* at(ValueId id) const {
    if (id == kNone) return nullptr;
    const Value& value = program_.values[id];
    if (value.base != kNone) return reinterpret_cast<X*>(at<std::byte>(value.base) + value.offset);
    return reinterpret_cast<X*>(homes_[static_cast<std::size_t>(value.home)] + value.offset);
  }
  const DropoutKey* keys() const {
    return reinterpret_cast<const DropoutKey*>(homes_[static_cast<std::size_t>(Home::keys)]);
  }
  template <typename F>
  void each(Index count, const F& f);
  template <typename F>
  void rows(Index count, Index width, const F& f);
  template <typename F>
  void columns(Index rows, Index columns, Index slices, const F& f, float* partial);
  void product(const ProductStep& step);
  void convolve(const ConvolutionStep& step);

 private:
  // One per number type, each in a file of its own: kernels take long to compile.
  void run_fp32(const Step& step);
  void run_bf16(const Step& step);
  std::size_t alignment(ValueId id) const;

  Program program_;
  Products products_;
  Convolutions convolutions_;
  Homes homes_{};
  std::byte* workspace_ = nullptr;
  cudaStream_t stream_ = nullptr;  // of the run in progress
};

}  // namespace geomx::trainer::cuda

#include "trainer/cuda/device/machine.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "trainer/cuda/device/check.h"

namespace geomx::trainer::cuda {

Machine::Machine(Program program, bool tf32)
    : program_(std::move(program)), products_(program_.number, tf32), convolutions_(program_.number, tf32) {
  for (const StepInfo& info : program_.steps) {
    if (const auto* product = std::get_if<ProductStep>(&info.step)) {
      // Each of a batch of matrices is as aligned as the distance between them allows.
      const std::size_t size = size_of(program_.number);
      std::size_t aligned = std::gcd(alignment(product->a), std::gcd(alignment(product->b), alignment(product->out)));
      if (product->batch > 1) {
        for (const std::size_t elements : {std::size_t{product->m} * product->k, std::size_t{product->k} * product->n,
                                           std::size_t{product->m} * product->n}) {
          aligned = std::gcd(aligned, elements * size);
        }
      }
      products_.prepare(*product, aligned, info.node);
    }
    const auto* convolution = std::get_if<ConvolutionStep>(&info.step);
    if (convolution != nullptr && !convolution->direct) convolutions_.prepare(*convolution, info.node);
  }
}

std::size_t Machine::workspace() const {
  return std::max(products_.workspace(), convolutions_.workspace());
}

std::size_t Machine::alignment(ValueId id) const {
  constexpr std::size_t kMost = 256;
  std::size_t offset = 0;
  for (; id != kNone; id = program_.values[id].base) offset += program_.values[id].offset;
  return std::gcd(kMost, offset);
}

void Machine::place(const Homes& homes, std::byte* workspace) {
  homes_ = homes;
  workspace_ = workspace;
}

void Machine::run(std::size_t begin, std::size_t end, cudaStream_t stream) {
  stream_ = stream;
  for (std::size_t i = begin; i < end; ++i) {
    const StepInfo& info = program_.steps[i];
    if (program_.number == Number::fp32) {
      run_fp32(info.step);
    } else {
      run_bf16(info.step);
    }
    check(cudaPeekAtLastError(), "start a kernel of " + info.node);
  }
}

void Machine::product(const ProductStep& step) {
  products_.run(step, {at<const void>(step.a), at<const void>(step.b), at<void>(step.out), at<const void>(step.bias)},
                workspace_, stream_);
}

void Machine::convolve(const ConvolutionStep& step) {
  convolutions_.run(step, at<const void>(step.first), at<const void>(step.second), at<void>(step.out), workspace_,
                    stream_);
}

}  // namespace geomx::trainer::cuda

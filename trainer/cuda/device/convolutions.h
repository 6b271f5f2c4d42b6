#pragma once

#include <cudnn.h>

#include <map>
#include <string>

#include "trainer/cuda/device/handle.h"
#include "trainer/cuda/program.h"

namespace geomx::trainer::cuda {

// Convolutions by cuDNN, NHWC. Each step's algorithm is chosen once, by prepare(), after cuDNN's own estimate: the
// fastest of those that give the same bits each time, or of all where there is none.
class Convolutions {
 public:
  // `tf32`: fp32 values may be rounded to 10 bits of mantissa before they are multiplied.
  Convolutions(Number number, bool tf32);

  // Steps are told apart by their addresses, which have to last.
  void prepare(const ConvolutionStep& step, const std::string& name);
  std::size_t workspace() const { return workspace_; }  // bytes, of what was prepared

  // The step's operands in its order.
  void run(const ConvolutionStep& step, const void* first, const void* second, void* out, void* workspace,
           cudaStream_t stream);

 private:
  using Values = Handle<cudnnTensorDescriptor_t, cudnnDestroyTensorDescriptor>;
  using Weights = Handle<cudnnFilterDescriptor_t, cudnnDestroyFilterDescriptor>;
  using Convolution = Handle<cudnnConvolutionDescriptor_t, cudnnDestroyConvolutionDescriptor>;
  struct Plan {
    Values input, output;
    Weights weight;
    Convolution convolution;
    int algorithm = 0;  // a number of its pass' enumeration
    std::size_t workspace = 0;
    std::string name;
  };
  Plan describe(const ConvolutionStep& step, const std::string& name) const;
  template <typename Choice, typename Count, typename Find, typename Need>
  void choose(Plan& plan, Count count, Find find, Need need);

  Handle<cudnnHandle_t, cudnnDestroy> handle_;
  Number number_;
  bool tf32_;
  std::size_t workspace_ = 0;
  std::map<const ConvolutionStep*, Plan> plans_;
};

}  // namespace geomx::trainer::cuda

#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include <map>

#include "trainer/cuda/device/handle.h"
#include "trainer/cuda/program.h"

namespace geomx::trainer::cuda {

// Matrix products by cuBLASLt, bias and ReLU being part of them. Each step's algorithm is chosen once, by prepare().
// (Its GELU is the approximation with tanh, not ours with erf, and so is not used.)
class Products {
 public:
  // `tf32`: fp32 values may be rounded to 10 bits of mantissa before they are multiplied.
  Products(Number number, bool tf32);

  // Steps are told apart by their addresses, which have to last. `alignment` is that of the least aligned of the
  // values, in bytes.
  void prepare(const ProductStep& step, std::size_t alignment, const std::string& name);
  std::size_t workspace() const { return workspace_; }  // bytes, of what was prepared

  struct Operands {
    const void* a;
    const void* b;
    void* out;
    const void* bias;
  };
  void run(const ProductStep& step, const Operands& operands, void* workspace, cudaStream_t stream);

 private:
  using Matmul = Handle<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
  using Layout = Handle<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
  struct Plan {
    Matmul matmul;
    Layout a, b, out;
    cublasLtMatmulAlgo_t algorithm;
    std::size_t workspace;
    std::string name;
  };
  static Layout layout(cudaDataType type, std::uint64_t rows, std::uint64_t columns, Index batch);

  Handle<cublasLtHandle_t, cublasLtDestroy> handle_;
  Number number_;
  bool tf32_;
  std::size_t workspace_ = 0;
  std::map<const ProductStep*, Plan> plans_;
};

}  // namespace geomx::trainer::cuda

#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <string>

#include "trainer/tensor/error.h"

// Every call of CUDA and its libraries goes through one of these: `attempt` says what was tried, on what.
namespace geomx::trainer::cuda {

inline void check(cudaError_t status, const std::string& attempt) {
  if (status != cudaSuccess) throw Error("CUDA could not " + attempt + ": " + cudaGetErrorString(status));
}

inline void check(cudnnStatus_t status, const std::string& attempt) {
  if (status != CUDNN_STATUS_SUCCESS) throw Error("cuDNN could not " + attempt + ": " + cudnnGetErrorString(status));
}

inline void check(cublasStatus_t status, const std::string& attempt) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    throw Error("cuBLASLt could not " + attempt + ": " + cublasLtGetStatusString(status));
  }
}

}  // namespace geomx::trainer::cuda

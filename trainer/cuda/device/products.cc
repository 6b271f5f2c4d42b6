#include "trainer/cuda/device/products.h"

#include <algorithm>

#include "trainer/cuda/device/check.h"

namespace geomx::trainer::cuda {
namespace {

constexpr std::size_t kMostWorkspace = std::size_t{32} << 20;  // what NVIDIA advises for Hopper

cudaDataType type_of(Number number) {
  return number == Number::fp32 ? CUDA_R_32F : CUDA_R_16BF;
}

template <typename T>
void set(cublasLtMatmulDesc_t matmul, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  check(cublasLtMatmulDescSetAttribute(matmul, attribute, &value, sizeof value), "describe a product");
}
template <typename T>
void set(cublasLtMatrixLayout_t layout, cublasLtMatrixLayoutAttribute_t attribute, const T& value) {
  check(cublasLtMatrixLayoutSetAttribute(layout, attribute, &value, sizeof value), "describe a matrix");
}
template <typename T>
void set(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t attribute, const T& value) {
  check(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value), "prefer an algorithm");
}

cublasLtEpilogue_t epilogue(const ProductStep& step) {
  if (step.bias == kNone) return step.relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT;
  return step.relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
}

}  // namespace

Products::Products(Number number, bool tf32) : number_(number), tf32_(tf32) {
  check(cublasLtCreate(handle_.out()), "start");
}

// cuBLASLt's matrices are column-major: a row-major one is its own transpose. So the product computed is that of the
// transposes, out^T = b^T a^T, and `b` comes first.
Products::Layout Products::layout(cudaDataType type, std::uint64_t rows, std::uint64_t columns, Index batch) {
  Layout layout;
  check(cublasLtMatrixLayoutCreate(layout.out(), type, columns, rows, static_cast<std::int64_t>(columns)),
        "describe a matrix");
  if (batch > 1) {
    set(layout.get(), CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<std::int32_t>(batch));
    set(layout.get(), CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, static_cast<std::int64_t>(rows * columns));
  }
  return layout;
}

void Products::prepare(const ProductStep& step, std::size_t alignment, const std::string& name) {
  const cudaDataType type = type_of(number_);
  const cudaDataType out_type = step.out_fp32 ? CUDA_R_32F : type;
  Plan plan;
  plan.name = name;
  const cublasComputeType_t compute =
      tf32_ && number_ == Number::fp32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  check(cublasLtMatmulDescCreate(plan.matmul.out(), compute, CUDA_R_32F), "describe the product of " + name);
  set(plan.matmul.get(), CUBLASLT_MATMUL_DESC_TRANSA, step.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(plan.matmul.get(), CUBLASLT_MATMUL_DESC_TRANSB, step.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(plan.matmul.get(), CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue(step));
  plan.a = step.transpose_a ? layout(type, step.k, step.m, step.batch) : layout(type, step.m, step.k, step.batch);
  plan.b = step.transpose_b ? layout(type, step.n, step.k, step.batch) : layout(type, step.k, step.n, step.batch);
  plan.out = layout(out_type, step.m, step.n, step.batch);

  Handle<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> preference;
  check(cublasLtMatmulPreferenceCreate(preference.out()), "prefer an algorithm");
  set(preference.get(), CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, kMostWorkspace);
  const auto aligned = static_cast<std::uint32_t>(alignment);
  for (const auto attribute :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    set(preference.get(), attribute, aligned);
  }
  cublasLtMatmulHeuristicResult_t found{};
  int count = 0;
  const std::string what = "find an algorithm for the product of " + name + " (" + std::to_string(step.m) + " x " +
                           std::to_string(step.k) + " by " + std::to_string(step.k) + " x " + std::to_string(step.n) +
                           ")";
  check(cublasLtMatmulAlgoGetHeuristic(handle_.get(), plan.matmul.get(), plan.b.get(), plan.a.get(), plan.out.get(),
                                       plan.out.get(), preference.get(), 1, &found, &count),
        what);
  if (count == 0) throw Error("cuBLASLt could not " + what);
  plan.algorithm = found.algo;
  plan.workspace = found.workspaceSize;
  workspace_ = std::max(workspace_, plan.workspace);
  plans_.insert_or_assign(&step, std::move(plan));
}

void Products::run(const ProductStep& step, const Operands& operands, void* workspace, cudaStream_t stream) {
  Plan& plan = plans_.at(&step);
  if (operands.bias != nullptr) set(plan.matmul.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, operands.bias);
  const float beta = 0;
  check(cublasLtMatmul(handle_.get(), plan.matmul.get(), &step.alpha, operands.b, plan.b.get(), operands.a,
                       plan.a.get(), &beta, operands.out, plan.out.get(), operands.out, plan.out.get(), &plan.algorithm,
                       workspace, plan.workspace, stream),
        "compute the product of " + plan.name);
}

}  // namespace geomx::trainer::cuda

#include "trainer/cuda/device/convolutions.h"

#include <algorithm>
#include <vector>

#include "trainer/cuda/device/check.h"

// cuDNN calls its older interface deprecated in favour of one that describes graphs, and keeps it.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace geomx::trainer::cuda {
namespace {

constexpr std::size_t kMostWorkspace = std::size_t{1} << 30;

int number(Index index) {
  return static_cast<int>(index);
}

const char* name_of(Pass pass) {
  switch (pass) {
    case Pass::forward:
      return "forward pass";
    case Pass::backward_data:
      return "gradient of the input";
    case Pass::backward_weight:
      return "gradient of the weight";
  }
  return "";
}

}  // namespace

Convolutions::Convolutions(Number number, bool tf32) : number_(number), tf32_(tf32) {
  check(cudnnCreate(handle_.out()), "start");
}

Convolutions::Plan Convolutions::describe(const ConvolutionStep& step, const std::string& name) const {
  const Groups& g = step.geometry;
  const Windows& w = g.windows;
  const cudnnDataType_t type = number_ == Number::fp32 ? CUDNN_DATA_FLOAT : CUDNN_DATA_BFLOAT16;
  const std::string attempt = "describe the convolution " + name;
  Plan plan;
  plan.name = name + "'s " + name_of(step.pass);
  check(cudnnCreateTensorDescriptor(plan.input.out()), attempt);
  check(cudnnCreateTensorDescriptor(plan.output.out()), attempt);
  check(cudnnCreateFilterDescriptor(plan.weight.out()), attempt);
  check(cudnnCreateConvolutionDescriptor(plan.convolution.out()), attempt);
  check(cudnnSetTensor4dDescriptor(plan.input.get(), CUDNN_TENSOR_NHWC, type, number(w.samples), number(w.channels),
                                   number(w.height), number(w.width)),
        attempt);
  check(cudnnSetTensor4dDescriptor(plan.output.get(), CUDNN_TENSOR_NHWC, type, number(w.samples), number(g.outputs),
                                   number(w.out_height), number(w.out_width)),
        attempt);
  check(cudnnSetFilter4dDescriptor(plan.weight.get(), type, CUDNN_TENSOR_NHWC, number(g.outputs),
                                   number(g.group_inputs()), number(w.size), number(w.size)),
        attempt);
  check(cudnnSetConvolution2dDescriptor(plan.convolution.get(), number(w.padding), number(w.padding), number(w.stride),
                                        number(w.stride), 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
        attempt);
  check(cudnnSetConvolutionGroupCount(plan.convolution.get(), number(g.groups)), attempt);
  const cudnnMathType_t math =
      number_ == Number::bf16 ? CUDNN_TENSOR_OP_MATH : (tf32_ ? CUDNN_DEFAULT_MATH : CUDNN_FMA_MATH);
  check(cudnnSetConvolutionMathType(plan.convolution.get(), math), attempt);
  return plan;
}

// `find` fills a list of algorithms, the fastest first, as cuDNN estimates; `need` says what workspace one takes.
template <typename Choice, typename Count, typename Find, typename Need>
void Convolutions::choose(Plan& plan, Count count, Find find, Need need) {
  const std::string attempt = "find an algorithm for " + plan.name;
  int most = 0, found = 0;
  check(count(handle_.get(), &most), attempt);
  std::vector<Choice> choices(static_cast<std::size_t>(most));
  check(find(most, &found, choices.data()), attempt);
  choices.resize(static_cast<std::size_t>(found));
  for (const bool any : {false, true}) {
    for (const Choice& choice : choices) {
      if (choice.status != CUDNN_STATUS_SUCCESS || (!any && choice.determinism != CUDNN_DETERMINISTIC)) continue;
      // With FMA_MATH asked for it stays that, whatever the estimate says: tensor cores would round to TF32.
      if (number_ == Number::bf16 || tf32_) {
        check(cudnnSetConvolutionMathType(plan.convolution.get(), choice.mathType), attempt);
      }
      std::size_t bytes = 0;
      if (need(choice.algo, &bytes) != CUDNN_STATUS_SUCCESS || bytes > kMostWorkspace) continue;
      plan.algorithm = choice.algo;
      plan.workspace = bytes;
      workspace_ = std::max(workspace_, bytes);
      return;
    }
  }
  throw Error("cuDNN has no algorithm for " + plan.name +
              " on this card (take --device cpu, or fp32 in place of bf16)");
}

void Convolutions::prepare(const ConvolutionStep& step, const std::string& name) {
  Plan plan = describe(step, name);
  const auto x = plan.input.get();
  const auto y = plan.output.get();
  const auto w = plan.weight.get();
  const auto c = plan.convolution.get();
  const auto h = handle_.get();
  switch (step.pass) {
    case Pass::forward:
      choose<cudnnConvolutionFwdAlgoPerf_t>(
          plan, cudnnGetConvolutionForwardAlgorithmMaxCount,
          [&](int most, int* found, auto* out) {
            return cudnnGetConvolutionForwardAlgorithm_v7(h, x, w, c, y, most, found, out);
          },
          [&](cudnnConvolutionFwdAlgo_t algorithm, std::size_t* bytes) {
            return cudnnGetConvolutionForwardWorkspaceSize(h, x, w, c, y, algorithm, bytes);
          });
      break;
    case Pass::backward_data:
      choose<cudnnConvolutionBwdDataAlgoPerf_t>(
          plan, cudnnGetConvolutionBackwardDataAlgorithmMaxCount,
          [&](int most, int* found, auto* out) {
            return cudnnGetConvolutionBackwardDataAlgorithm_v7(h, w, y, c, x, most, found, out);
          },
          [&](cudnnConvolutionBwdDataAlgo_t algorithm, std::size_t* bytes) {
            return cudnnGetConvolutionBackwardDataWorkspaceSize(h, w, y, c, x, algorithm, bytes);
          });
      break;
    case Pass::backward_weight:
      choose<cudnnConvolutionBwdFilterAlgoPerf_t>(
          plan, cudnnGetConvolutionBackwardFilterAlgorithmMaxCount,
          [&](int most, int* found, auto* out) {
            return cudnnGetConvolutionBackwardFilterAlgorithm_v7(h, x, y, c, w, most, found, out);
          },
          [&](cudnnConvolutionBwdFilterAlgo_t algorithm, std::size_t* bytes) {
            return cudnnGetConvolutionBackwardFilterWorkspaceSize(h, x, y, c, w, algorithm, bytes);
          });
      break;
  }
  plans_.insert_or_assign(&step, std::move(plan));
}

void Convolutions::run(const ConvolutionStep& step, const void* first, const void* second, void* out, void* workspace,
                       cudaStream_t stream) {
  const Plan& plan = plans_.at(&step);
  const float one = 1;
  const float zero = 0;
  const std::string attempt = "compute " + plan.name;
  check(cudnnSetStream(handle_.get(), stream), attempt);
  switch (step.pass) {
    case Pass::forward:
      check(cudnnConvolutionForward(handle_.get(), &one, plan.input.get(), first, plan.weight.get(), second,
                                    plan.convolution.get(), static_cast<cudnnConvolutionFwdAlgo_t>(plan.algorithm),
                                    workspace, plan.workspace, &zero, plan.output.get(), out),
            attempt);
      break;
    case Pass::backward_data:
      check(cudnnConvolutionBackwardData(handle_.get(), &one, plan.weight.get(), second, plan.output.get(), first,
                                         plan.convolution.get(),
                                         static_cast<cudnnConvolutionBwdDataAlgo_t>(plan.algorithm), workspace,
                                         plan.workspace, &zero, plan.input.get(), out),
            attempt);
      break;
    case Pass::backward_weight:
      check(cudnnConvolutionBackwardFilter(handle_.get(), &one, plan.input.get(), first, plan.output.get(), second,
                                           plan.convolution.get(),
                                           static_cast<cudnnConvolutionBwdFilterAlgo_t>(plan.algorithm), workspace,
                                           plan.workspace, &zero, plan.weight.get(), out),
            attempt);
      break;
  }
}

}  // namespace geomx::trainer::cuda

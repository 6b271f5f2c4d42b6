#include "trainer/cpu/cpu_backend.h"

#include <omp.h>

#include <algorithm>
#include <string>

#include "trainer/cpu/cross_entropy.h"
#include "trainer/cpu/network.h"
#include "trainer/model/initial.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

// Samples that score() takes at once: 250 divides the usual test sets of 10,000 and is small enough for the cache; of
// large samples fewer, so that one layer's values stay below 64 MB.
std::size_t score_batch(const Graph& graph) {
  constexpr std::size_t kMost = 250;
  constexpr std::size_t kFloats = std::size_t{16} << 20;
  std::size_t largest = 1;
  for (const Node& node : graph.nodes()) largest = std::max(largest, elements(node.shape));
  return std::clamp<std::size_t>(kFloats / largest, 1, kMost);
}

DataType data_type(Precision precision) {
  return precision == Precision::bf16 ? DataType::bf16 : DataType::f32;
}

class CpuBackend : public Backend {
 public:
  CpuBackend(const Graph& graph, const BackendOptions& options)
      : graph_(graph),
        options_(options),
        classes_(static_cast<std::size_t>(graph.classes())),
        labels_(graph.labels_per_sample()),
        state_{options.seed, 0},
        parameters_(graph.parameters()),
        gradients_(graph.parameters()),
        buffers_(graph.buffers()) {
    initialise_buffers(buffers_);
    omp_set_num_threads(options_.threads);  // oneDNN plans for as many as there are now
    training_ = std::make_unique<Network>(graph_, options.batch, data_type(options.precision), parameters_, &gradients_,
                                          buffers_, state_);
  }

  Tensors& parameters() override { return parameters_; }
  const Tensors& gradients() const override { return gradients_; }
  Tensors& buffers() override { return buffers_; }
  std::span<float> images() override { return training_->inputs(); }
  void set_step(std::uint64_t step) override { state_.step = step; }
  const Network& network() const { return *training_; }

  using Backend::step;
  double step(const Batch& batch, const OnNeeded& on_needed, const OnReady& on_ready) override {
    if (batch.labels.size() != training_->batch() * labels_) {
      throw Error("a batch of " + std::to_string(batch.labels.size()) + " labels was given to a network made for " +
                  std::to_string(training_->batch() * labels_));
    }
    omp_set_num_threads(options_.threads);  // it is a setting of the calling thread
    if (batch.images.data() != training_->inputs().data()) {
      std::ranges::copy(batch.images, training_->inputs().begin());
    }
    training_->forward(on_needed);
    const auto loss = softmax_cross_entropy(training_->logits(), batch.labels, classes_, training_->logits_gradient());
    training_->backward(on_ready);
    ++state_.step;
    return loss.loss / static_cast<double>(batch.labels.size());
  }

  Score score(const Batch& batch) override {
    omp_set_num_threads(options_.threads);
    if (!scoring_) {
      scoring_ = std::make_unique<Network>(graph_, score_batch(graph_), data_type(options_.precision), parameters_,
                                           nullptr, buffers_, state_);
    }
    Score score;
    const std::size_t sample = elements(graph_.input_shape());
    const std::size_t samples = batch.labels.size() / labels_;
    for (std::size_t begin = 0; begin < samples; begin += scoring_->batch()) {
      // The last part may be shorter: what lies beyond it in the buffer is computed and ignored.
      const std::size_t count = std::min(scoring_->batch(), samples - begin);
      std::ranges::copy(batch.images.subspan(begin * sample, count * sample), scoring_->inputs().begin());
      scoring_->forward();
      const auto part = softmax_cross_entropy(scoring_->logits().first(count * labels_ * classes_),
                                              batch.labels.subspan(begin * labels_, count * labels_), classes_, {});
      score.loss += part.loss;
      score.correct += part.correct;
      score.samples += count * labels_;
    }
    return score;
  }

 private:
  Graph graph_;
  BackendOptions options_;
  std::size_t classes_;
  std::size_t labels_;  // per sample
  StepState state_;
  Tensors parameters_;
  Tensors gradients_;
  Tensors buffers_;
  std::unique_ptr<Network> training_;
  std::unique_ptr<Network> scoring_;  // made at the first score()
};

std::unique_ptr<CpuBackend> make(const Graph& graph, const BackendOptions& options) {
  if (options.batch == 0) throw Error("a batch must have at least one sample");
  if (options.precision == Precision::tf32) throw Error("tf32 is a precision of cards (use fp32 or bf16)");
  if (options.threads < 1) throw Error("threads: at least 1 wanted, " + std::to_string(options.threads) + " given");
  try {
    return std::make_unique<CpuBackend>(graph, options);
  } catch (const dnnl::error& error) {
    const std::string what = "model " + graph.name() + " with batch " + std::to_string(options.batch);
    if (options.precision == Precision::bf16 && error.status == dnnl_unimplemented) {
      throw Error(what + ": this processor has no fast bf16 (use precision fp32)");
    }
    throw Error(what + ": oneDNN: " + error.what());
  }
}

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const Graph& graph, const BackendOptions& options) {
  return make(graph, options);
}

std::vector<std::string> cpu_implementations(const Graph& graph, const BackendOptions& options) {
  return make(graph, options)->network().implementations();
}

}  // namespace geomx::trainer

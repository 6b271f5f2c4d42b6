#include "trainer/cpu/cpu_backend.h"

#include <omp.h>

#include <algorithm>
#include <string>

#include "trainer/cpu/cross_entropy.h"
#include "trainer/cpu/network.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr std::size_t kScoreBatch = 250;  // divides the test sets of 10,000; small enough to stay in the cache

class CpuBackend : public Backend {
 public:
  CpuBackend(const Architecture& model, std::size_t batch, int threads)
      : model_(model),
        threads_(threads),
        classes_(static_cast<std::size_t>(model.classes())),
        parameters_(model.parameters()),
        gradients_(model.parameters()) {
    omp_set_num_threads(threads_);  // oneDNN plans for as many as there are now
    training_ = std::make_unique<Network>(model_, batch, parameters_, &gradients_);
  }

  Tensors& parameters() override { return parameters_; }
  const Tensors& gradients() const override { return gradients_; }
  std::span<float> images() override { return training_->images(); }

  using Backend::step;
  double step(const Batch& batch, const OnNeeded& on_needed, const OnReady& on_ready) override {
    if (batch.size() != training_->batch()) {
      throw Error("a batch of " + std::to_string(batch.size()) + " samples was given to a network made for " +
                  std::to_string(training_->batch()));
    }
    omp_set_num_threads(threads_);  // it is a setting of the calling thread
    if (batch.images.data() != training_->images().data()) {
      std::ranges::copy(batch.images, training_->images().begin());
    }
    training_->forward(on_needed);
    const auto loss = softmax_cross_entropy(training_->logits(), batch.labels, classes_, training_->logits_gradient());
    training_->backward(on_ready);
    return loss.loss / static_cast<double>(batch.size());
  }

  Score score(const Batch& batch) override {
    omp_set_num_threads(threads_);
    if (!scoring_) scoring_ = std::make_unique<Network>(model_, kScoreBatch, parameters_, nullptr);
    Score score;
    const std::size_t image = model_.input.size();
    for (std::size_t begin = 0; begin < batch.size(); begin += kScoreBatch) {
      // The last part may be shorter: what lies beyond it in the buffer is computed and ignored.
      const std::size_t count = std::min(kScoreBatch, batch.size() - begin);
      std::ranges::copy(batch.images.subspan(begin * image, count * image), scoring_->images().begin());
      scoring_->forward();
      const auto part = softmax_cross_entropy(scoring_->logits().first(count * classes_),
                                              batch.labels.subspan(begin, count), classes_, {});
      score.loss += part.loss;
      score.correct += part.correct;
      score.samples += count;
    }
    return score;
  }

 private:
  Architecture model_;
  int threads_;
  std::size_t classes_;
  Tensors parameters_;
  Tensors gradients_;
  std::unique_ptr<Network> training_;
  std::unique_ptr<Network> scoring_;  // made at the first score()
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const Architecture& model, std::size_t batch, int threads) {
  if (batch == 0) throw Error("a batch must have at least one sample");
  if (threads < 1) throw Error("threads: at least 1 wanted, " + std::to_string(threads) + " given");
  try {
    return std::make_unique<CpuBackend>(model, batch, threads);
  } catch (const dnnl::error& error) {
    throw Error("model " + model.name + " with batch " + std::to_string(batch) + ": oneDNN: " + error.what());
  }
}

}  // namespace geomx::trainer

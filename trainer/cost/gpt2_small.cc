// GPT-2 small, whose last layer's weights are those of the embedding. Radford et al.: "Language Models are Unsupervised
// Multitask Learners", 2019.
#include <string>

#include "trainer/cost/builtin.h"
#include "trainer/cost/layers.h"

namespace geomx::trainer {
namespace {

// 600,000 iterations of 5 batches on each card in 4 days: 115.2 ms a batch.
constexpr double kStep = 4 * 24 * 3600 * 1000.0 / (600'000 * 5);
constexpr std::size_t kBatch = 12;
constexpr long kTokens = 1024;
constexpr long kWidth = 768;
constexpr long kVocabulary = 50257;

}  // namespace

Profile gpt2_small_profile() {
  Layers net;
  constexpr double kPlaces = kTokens;
  net.add({{"wte.weight", {kVocabulary, kWidth}}, {"wpe.weight", {1024, kWidth}}}, 0);
  for (int i = 0; i < 12; ++i) {
    const std::string layer = "h." + std::to_string(i) + ".";
    net.norm(layer + "ln_1", kWidth);
    net.linear(layer + "attn.c_attn", kWidth, 3 * kWidth, kPlaces);
    // Scores and their use, 2 x 2 x tokens x width for each token, are counted with the projection behind them.
    net.add({{layer + "attn.c_proj.weight", {kWidth, kWidth}}, {layer + "attn.c_proj.bias", {kWidth}}},
            2.0 * kPlaces * kWidth * kWidth + 4.0 * kPlaces * kTokens * kWidth);
    net.norm(layer + "ln_2", kWidth);
    net.linear(layer + "mlp.c_fc", kWidth, 4 * kWidth, kPlaces);
    net.linear(layer + "mlp.c_proj", 4 * kWidth, kWidth, kPlaces);
  }
  // With the logits, which have no tensor of their own: the embedding's gradient is whole when the first layer's is.
  net.add({{"ln_f.weight", {kWidth}}, {"ln_f.bias", {kWidth}}}, 2.0 * kPlaces * kWidth * kVocabulary);
  return net.profile(
      "gpt2-small",
      "600,000 iterations of 5 batches of 12 sequences of 1024 tokens on each of 8 A100 40 GB (bfloat16) "
      "in about 4 days, so 115 ms a batch: karpathy/nanoGPT, README.md and train.py; the time of each "
      "layer is derived from its floating-point operations",
      kBatch, kStep);
}

}  // namespace geomx::trainer

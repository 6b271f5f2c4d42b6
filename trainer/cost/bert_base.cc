// BERT-base, uncased, with its pooler and without the heads of pre-training. Devlin, Chang, Lee, Toutanova: "BERT:
// Pre-training of Deep Bidirectional Transformers for Language Understanding", NAACL 2019.
#include <string>

#include "trainer/cost/builtin.h"
#include "trainer/cost/layers.h"

namespace geomx::trainer {
namespace {

constexpr double kSequencesPerSecond = 744.48 / 8;  // of a card
constexpr std::size_t kBatch = 32;
constexpr long kTokens = 128;
constexpr long kWidth = 768;

}  // namespace

Profile bert_base_profile() {
  Layers net;
  constexpr double kPlaces = kTokens;
  net.add({{"embeddings.word_embeddings.weight", {30522, kWidth}},
           {"embeddings.position_embeddings.weight", {512, kWidth}},
           {"embeddings.token_type_embeddings.weight", {2, kWidth}}},
          0);
  net.norm("embeddings.LayerNorm", kWidth);
  for (int i = 0; i < 12; ++i) {
    const std::string layer = "encoder.layer." + std::to_string(i) + ".";
    net.linear(layer + "attention.self.query", kWidth, kWidth, kPlaces);
    net.linear(layer + "attention.self.key", kWidth, kWidth, kPlaces);
    net.linear(layer + "attention.self.value", kWidth, kWidth, kPlaces);
    // Scores and their use, 2 x 2 x tokens x width for each token, are counted with the projection behind them.
    net.add({{layer + "attention.output.dense.weight", {kWidth, kWidth}},
             {layer + "attention.output.dense.bias", {kWidth}}},
            2.0 * kPlaces * kWidth * kWidth + 4.0 * kPlaces * kTokens * kWidth);
    net.norm(layer + "attention.output.LayerNorm", kWidth);
    net.linear(layer + "intermediate.dense", kWidth, 4 * kWidth, kPlaces);
    net.linear(layer + "output.dense", 4 * kWidth, kWidth, kPlaces);
    net.norm(layer + "output.LayerNorm", kWidth);
  }
  net.linear("pooler.dense", kWidth, kWidth);
  return net.profile(
      "bert-base",
      "pre-training of BERT-base, 744.48 sequences/s of 128 tokens with a batch of 32 on each of 8 Tesla "
      "V100 16 GB (DGX-1, fp32): NVIDIA DeepLearningExamples, "
      "TensorFlow/LanguageModeling/BERT/biobert/README.md; the time of each layer is derived from its "
      "floating-point operations, and the heads' is spread over all",
      kBatch, 1000 * static_cast<double>(kBatch) / kSequencesPerSecond);
}

}  // namespace geomx::trainer

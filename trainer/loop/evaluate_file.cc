#include "trainer/loop/evaluate_file.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "trainer/data/dataset.h"
#include "trainer/loop/checkpoint.h"
#include "trainer/loop/device.h"
#include "trainer/loop/evaluate.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {

namespace {

// A model that reads tokens is made for samples of one length, which its file says.
std::size_t context_of(const Checkpoint& checkpoint) {
  const std::string& input = text_of(checkpoint, "input");
  std::size_t tokens = 0;
  const auto [end, error] = std::from_chars(input.data(), input.data() + input.size(), tokens);
  const bool is_one_number = error == std::errc() && end == input.data() + input.size() && tokens > 0;
  return is_one_number ? tokens : kContext;
}

}  // namespace

FileScore evaluate_file(const EvaluationOptions& options) {
  const Checkpoint checkpoint = read_checkpoint(options.file);
  const std::string dataset = options.dataset.value_or(text_of(checkpoint, "dataset"));
  if (options.context && dataset != "text") throw Error("--context is of text, and " + dataset + " is images");
  const std::size_t context = options.context.value_or(context_of(checkpoint));
  const DatasetKind kind = dataset_kind(dataset, context);
  const Shape input = kind.input();
  const Graph model = options.model ? make_model(*options.model, input, kind.classes)
                                    : model_of(checkpoint, dataset, input, kind.classes);
  const auto backend = make_backend(
      parse_device(options.device), model,
      {.batch = options.batch_size,
       .threads = options.threads,
       .precision = options.precision ? *options.precision : parse_precision(text_of(checkpoint, "precision"))});
  load_model(checkpoint, model, *backend);
  const Dataset data = load_dataset(dataset, Part::test, options.data_dir, context);
  const Backend::Score score = evaluate(*backend, data);
  const auto samples = static_cast<double>(score.samples);
  return {.file = options.file.string(),
          .model = model.name(),
          .dataset = dataset,
          .round = checkpoint.round,
          .accuracy = static_cast<double>(score.correct) / samples,
          .loss = score.loss / samples,
          .samples = score.samples};
}

std::string in_words(const FileScore& score) {
  return fmt::format("{}: {} after round {}, {} test samples of {}: test accuracy {:.4f}, test loss {:.4f}", score.file,
                     score.model, score.round, score.samples, score.dataset, score.accuracy, score.loss);
}

std::string to_json(const FileScore& score) {
  const nlohmann::ordered_json json{
      {"file", score.file},
      {"model", score.model},
      {"dataset", score.dataset},
      {"round", score.round},
      {"samples", score.samples},
      {"test_accuracy", score.accuracy},
      {"test_loss", std::isfinite(score.loss) ? nlohmann::ordered_json(score.loss) : nlohmann::ordered_json()}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace geomx::trainer

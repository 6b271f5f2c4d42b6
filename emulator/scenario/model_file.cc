#include "emulator/scenario/model_file.h"

#include <filesystem>

#include "emulator/base/error.h"
#include "emulator/scenario/files.h"

namespace geomx::scenario {

void find_model(Training& training, const std::string& folder, Problems& problems) {
  if (!training.model.ends_with(".json")) return;
  std::error_code error;
  const std::string written = training.model;
  const auto whole = std::filesystem::absolute(std::filesystem::path(folder) / training.model, error);
  if (!error) training.model = whole.lexically_normal().string();
  try {
    read_text_file(training.model, "the model");
  } catch (const InputError& unreadable) {
    problems.push_back({"/training/model", written + ": " + unreadable.what(), unreadable.hint()});
  }
}

std::optional<int> training_samples(const std::string& dataset) {
  if (dataset == "text") return std::nullopt;
  return dataset == "cifar10" ? 50'000 : 60'000;
}

}  // namespace geomx::scenario

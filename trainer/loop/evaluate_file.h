#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "trainer/data/dataset.h"
#include "trainer/model/precision.h"

namespace geomx::trainer {

// What is to be evaluated: a checkpoint or a --parameters-out file, both of which say which model they are of.
struct EvaluationOptions {
  std::filesystem::path file;
  std::optional<std::string> model{};    // in place of the one that the file describes
  std::optional<std::string> dataset{};  // in place of the one it was trained on
  std::optional<std::filesystem::path> data_dir{};
  std::optional<std::size_t> context{};  // bytes of a sample of text, in place of those that the model was made for
  std::size_t batch_size = 32;
  int threads = 1;
  std::string device = "auto";           // device.h; one that computes
  std::optional<Precision> precision{};  // in place of the one that it was trained in
};

struct FileScore {
  std::string file;
  std::string model;
  std::string dataset;
  std::uint64_t round = 0;
  double accuracy = 0;
  double loss = 0;  // mean over the test set
  std::size_t samples = 0;
};

// The whole test set through the model as the file has it. Throws Error: the file, a tensor that the model does not
// have or that has another shape, a data set of other samples.
FileScore evaluate_file(const EvaluationOptions& options);

std::string in_words(const FileScore& score);  // one line
std::string to_json(const FileScore& score);   // one line

}  // namespace geomx::trainer

#include "trainer/loop/checkpoint.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <set>
#include <utility>

#include "ps/optim/optimizer.h"
#include "trainer/model/model_file.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "geomx_checkpoint";
constexpr const char* kVersion = "1";
constexpr const char* kOptimizer = "optimizer.";  // in front of its tensors' names

std::optional<std::uint64_t> natural(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::uint64_t number_of(const Checkpoint& checkpoint, const std::string& key) {
  const std::string& text = text_of(checkpoint, key);
  if (const auto number = natural(text)) return *number;
  throw Error(checkpoint.file.string() + ": its " + key + " is \"" + text + "\", a natural number wanted");
}

std::string state_name(const std::string& array, const std::string& parameter) {
  return kOptimizer + array + "." + parameter;
}

const TensorFile::Tensor& tensor_of(const Checkpoint& checkpoint, const std::string& name,
                                    const std::vector<long>& shape) {
  const TensorFile::Tensor* found = checkpoint.content.find(name);
  if (found == nullptr) throw Error(checkpoint.file.string() + ": tensor \"" + name + "\" is missing");
  if (found->shape != shape) {
    throw Error(fmt::format("{}: tensor \"{}\" is {}, {} wanted", checkpoint.file.string(), name,
                            to_string(found->shape), to_string(shape)));
  }
  return *found;
}

std::string bytes_of(const TensorFile::Tensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float)};
}

// N of "PREFIX<N>SUFFIX", taken from the front.
std::optional<std::uint64_t> take_number(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = natural(text.substr(0, digits));
  text.remove_prefix(digits);
  return number;
}

}  // namespace

const std::string& text_of(const Checkpoint& checkpoint, const std::string& key) {
  const auto found = checkpoint.content.metadata.find(key);
  if (found != checkpoint.content.metadata.end()) return found->second;
  throw Error(checkpoint.file.string() + " is no checkpoint of a training: its metadata has no \"" + key + "\"");
}

Checkpoint read_checkpoint(const fs::path& file) {
  Checkpoint checkpoint{.file = file, .content = read_safetensors(file)};
  if (text_of(checkpoint, kFormat) != kVersion) {
    throw Error(file.string() + " is a checkpoint of version " + text_of(checkpoint, kFormat) + ", " + kVersion +
                " wanted");
  }
  checkpoint.round = number_of(checkpoint, "round");
  return checkpoint;
}

TensorFile::Metadata describe_model(const WorkerOptions& options, const Graph& model) {
  return {{kFormat, kVersion},
          {"model", model.name()},
          {"graph", to_json(model)},
          {"input", to_string(model.input_shape())},
          {"classes", std::to_string(model.classes())},
          {"dataset", options.dataset},
          {"precision", to_string(options.precision)}};
}

TensorFile::Metadata describe(const WorkerOptions& options, const Graph& model, std::size_t workers) {
  TensorFile::Metadata training = describe_model(options, model);
  training["seed"] = std::to_string(options.seed);
  training["batch_size"] = std::to_string(options.batch_size);
  training["split"] = std::to_string(static_cast<int>(options.split));
  if (options.split == SplitKind::dirichlet) training["dirichlet_alpha"] = fmt::format("{}", options.dirichlet_alpha);
  training["augment"] = std::to_string(static_cast<int>(options.augment));
  training["workers"] = std::to_string(workers);
  return training;
}

void require_same_training(const Checkpoint& checkpoint, const TensorFile::Metadata& training) {
  for (const auto& [key, wanted] : training) {
    const std::string& seen = text_of(checkpoint, key);
    if (seen == wanted) continue;
    throw Error(
        checkpoint.file.string() + " is of another training: " +
        (key == "graph" ? "its model has other layers" : "its " + key + " is " + seen + ", here it is " + wanted));
  }
}

std::vector<TensorView> views_of(const Tensors& tensors) {
  std::vector<TensorView> views;
  for (std::size_t t = 0; t < tensors.count(); ++t) {
    views.push_back({tensors.spec(t).name, tensors.spec(t).shape, tensors[t]});
  }
  return views;
}

void add_state(const ps::Replica::State& state, const ps::proto::OptimizerConfig& optimizer,
               const std::vector<TensorSpec>& parameters, TensorFile::Metadata& metadata,
               std::vector<TensorView>& tensors) {
  metadata["round"] = std::to_string(state.round);
  metadata["steps"] = std::to_string(state.steps);
  if (state.optimizers.empty()) return;
  metadata["optimizer"] = optimizer.name();
  metadata["optimizer_steps"] = std::to_string(state.optimizers.front().steps());
  metadata["optimizer_before"] = std::to_string(state.optimizers.front().before());
  const std::vector<std::string> names = ps::state_names(optimizer);
  for (std::size_t key = 0; key < state.optimizers.size(); ++key) {
    const ps::proto::StepState& own = state.optimizers[key];
    for (int i = 0; i < own.arrays_size(); ++i) {
      const std::string& array = own.arrays(i);
      if (array.empty()) continue;  // SGD's, without momentum
      tensors.push_back({state_name(names.at(static_cast<std::size_t>(i)), parameters[key].name),
                         parameters[key].shape,
                         {reinterpret_cast<const float*>(array.data()), array.size() / sizeof(float)}});
    }
  }
}

void load_tensors(const Checkpoint& checkpoint, Tensors& into) {
  for (std::size_t t = 0; t < into.count(); ++t) {
    std::ranges::copy(tensor_of(checkpoint, into.spec(t).name, into.spec(t).shape).values, into[t].begin());
  }
}

Graph model_of(const Checkpoint& checkpoint, const std::string& dataset, const Shape& input, int classes) {
  const std::string& wanted = text_of(checkpoint, "input");
  const std::string& wanted_classes = text_of(checkpoint, "classes");
  if (wanted != to_string(input) || wanted_classes != std::to_string(classes)) {
    throw Error(fmt::format("{} is of a model for {} in {} classes, and {} has {} in {} (--dataset)",
                            checkpoint.file.string(), wanted, wanted_classes, dataset, to_string(input), classes));
  }
  return parse_model(text_of(checkpoint, "graph"), checkpoint.file.string() + ", graph", input, classes);
}

void load_model(const Checkpoint& checkpoint, const Graph& model, Backend& backend) {
  load_tensors(checkpoint, backend.parameters());
  load_tensors(checkpoint, backend.buffers());
  std::set<std::string> known;
  for (const TensorSpec& spec : model.parameters()) known.insert(spec.name);
  for (const TensorSpec& spec : model.buffers()) known.insert(spec.name);
  for (const TensorFile::Tensor& tensor : checkpoint.content.tensors) {
    if (known.contains(tensor.name) || tensor.name.starts_with(kOptimizer)) continue;
    throw Error(checkpoint.file.string() + ": tensor \"" + tensor.name + "\" is none of the model " + model.name());
  }
}

ps::Replica::State state_of(const Checkpoint& checkpoint, const ps::proto::OptimizerConfig& optimizer,
                            const std::vector<TensorSpec>& parameters) {
  ps::Replica::State state{.round = checkpoint.round, .steps = number_of(checkpoint, "steps"), .optimizers = {}};
  if (!checkpoint.content.metadata.contains("optimizer")) return state;
  if (const std::string& name = text_of(checkpoint, "optimizer"); name != optimizer.name()) {
    throw Error(checkpoint.file.string() + " is of another training: its optimizer is " + name + ", here it is " +
                optimizer.name());
  }
  const std::uint64_t steps = number_of(checkpoint, "optimizer_steps");
  const std::uint64_t before = number_of(checkpoint, "optimizer_before");
  for (const TensorSpec& parameter : parameters) {
    ps::proto::StepState& own = state.optimizers.emplace_back();
    own.set_steps(steps);
    own.set_before(before);
    for (const std::string& array : ps::state_names(optimizer)) {
      const bool none = optimizer.name() == "sgd" && optimizer.momentum() == 0;
      const std::string name = state_name(array, parameter.name);
      own.add_arrays(none ? std::string() : bytes_of(tensor_of(checkpoint, name, parameter.shape)));
    }
  }
  return state;
}

// The folder ----------------------------------------------------------------------------------------------------------

void CheckpointFolder::make() const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw Error("--checkpoint " + folder_.string() + " cannot be made: " + error.message());
  if (::access(folder_.c_str(), W_OK | X_OK) != 0) {
    throw Error("--checkpoint " + folder_.string() + " cannot be written to: " + std::strerror(errno));
  }
}

std::vector<CheckpointFolder::Found> CheckpointFolder::find(std::optional<std::size_t> slice) const {
  std::vector<Found> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    std::string_view rest = name;
    const auto worker = take_number(rest, "worker-");
    const auto round = take_number(rest, "-round-");
    if (!worker || !round || rest != ".safetensors") continue;
    if (!slice || *worker == *slice) found.push_back({entry.path(), *worker, *round});
  }
  if (error) throw Error("--checkpoint " + folder_.string() + " cannot be read: " + error.message());
  std::ranges::sort(
      found, [](const Found& a, const Found& b) { return a.round != b.round ? a.round > b.round : a.slice < b.slice; });
  return found;
}

void CheckpointFolder::write(std::size_t slice, std::uint64_t round, TensorFile::Metadata metadata,
                             const std::vector<TensorView>& tensors) const {
  write_safetensors(folder_ / fmt::format("worker-{}-round-{}.safetensors", slice, round), std::move(metadata),
                    tensors);
  std::size_t kept = 0;
  for (const Found& found : find(slice)) {
    if (found.round <= round && ++kept <= kKept) continue;
    std::error_code ignored;  // one too many does no harm
    fs::remove(found.file, ignored);
  }
}

std::optional<Checkpoint> CheckpointFolder::newest(std::optional<std::size_t> slice, const Warn& warn) const {
  for (const Found& found : find(slice)) {
    try {
      return read_checkpoint(found.file);
    } catch (const Error& error) {
      warn(std::string(error.what()) + " (the one before it is taken)");
    }
  }
  return std::nullopt;
}

std::optional<Checkpoint> CheckpointFolder::of_round(std::size_t slice, std::uint64_t round, const Warn& warn) const {
  for (const Found& found : find(slice)) {
    if (found.round != round) continue;
    try {
      return read_checkpoint(found.file);
    } catch (const Error& error) {
      warn(error.what());
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> CheckpointFolder::last_round(std::size_t slice) const {
  const std::vector<Found> found = find(slice);
  return found.empty() ? std::nullopt : std::optional(found.front().round);
}

}  // namespace geomx::trainer

#include "trainer/data/dataset.h"

#include <algorithm>
#include <cstdlib>

#include "trainer/data/idx.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

std::filesystem::path cache_directory() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return std::filesystem::path(cache) / "geomx-emu";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "/" : home) / ".cache" / "geomx-emu";
}

std::filesystem::path default_directory(const std::string& name) {
  if (name == "fashion-mnist") return "/usr/share/datasets/fashion-mnist";
  return cache_directory() / name;
}

std::string hint(const std::string& name) {
  return name == "fashion-mnist" ? "./bootstrap data, or apt-get install dataset-fashion-mnist"
                                 : "./bootstrap data fetches it";
}

std::filesystem::path find(const std::string& name, const std::filesystem::path& directory, const std::string& stem) {
  for (const char* suffix : {"", ".gz"}) {
    std::error_code ignored;
    auto file = directory / (stem + suffix);
    if (std::filesystem::exists(file, ignored)) return file;
  }
  throw Error("data set " + name + ": no " + stem + " (plain or .gz) in " + directory.string() + " (" + hint(name) +
              ")");
}

struct Files {
  std::filesystem::path images;
  std::filesystem::path labels;
};

Files files_of(const std::string& name, Part part, const std::optional<std::filesystem::path>& directory) {
  const auto folder = directory ? *directory : default_directory(name);
  const std::string prefix = part == Part::train ? "train" : "t10k";
  return {find(name, folder, prefix + "-images-idx3-ubyte"), find(name, folder, prefix + "-labels-idx1-ubyte")};
}

using Shape = std::vector<std::uint32_t>;

void check_shapes(const Files& files, const DatasetKind& kind, const Shape& images, const Shape& labels) {
  const Shape wanted{static_cast<std::uint32_t>(kind.shape.height), static_cast<std::uint32_t>(kind.shape.width)};
  if (images[1] != wanted[0] || images[2] != wanted[1]) {
    throw Error(files.images.string() + ": images of " + std::to_string(wanted[0]) + "x" + std::to_string(wanted[1]) +
                " wanted, " + std::to_string(images[1]) + "x" + std::to_string(images[2]) + " found");
  }
  if (images[0] != labels[0]) {
    throw Error(files.labels.string() + ": " + std::to_string(labels[0]) + " labels for the " +
                std::to_string(images[0]) + " images of " + files.images.filename().string());
  }
}

}  // namespace

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names{"fashion-mnist", "mnist"};
  return names;
}

DatasetKind dataset_kind(const std::string& name) {
  if (std::ranges::find(dataset_names(), name) == dataset_names().end()) {
    throw Error("data set \"" + name + "\" is not known (fashion-mnist or mnist)");
  }
  return {{1, 28, 28}, 10};
}

std::size_t count_samples(const std::string& name, Part part, const std::optional<std::filesystem::path>& directory) {
  const DatasetKind kind = dataset_kind(name);
  const Files files = files_of(name, part, directory);
  const Shape labels = read_idx_shape(files.labels, 1);
  check_shapes(files, kind, read_idx_shape(files.images, 3), labels);
  return labels[0];
}

Dataset load_dataset(const std::string& name, Part part, const std::optional<std::filesystem::path>& directory) {
  const DatasetKind kind = dataset_kind(name);
  const Files files = files_of(name, part, directory);
  IdxArray labels = read_idx(files.labels, 1);
  IdxArray images = read_idx(files.images, 3);
  check_shapes(files, kind, images.shape, labels.shape);
  const auto wrong = std::ranges::find_if(labels.elements, [&](std::uint8_t label) { return label >= kind.classes; });
  if (wrong != labels.elements.end()) {
    throw Error(files.labels.string() + ": label " + std::to_string(*wrong) + " of sample " +
                std::to_string(wrong - labels.elements.begin()) + " is not within 0.." +
                std::to_string(kind.classes - 1));
  }
  Dataset dataset;
  dataset.shape = kind.shape;
  dataset.classes = kind.classes;
  dataset.images = std::move(images.elements);
  dataset.labels = std::move(labels.elements);
  return dataset;
}

}  // namespace geomx::trainer

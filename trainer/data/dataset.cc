#include "trainer/data/dataset.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "trainer/data/slice.h"
#include "trainer/data/source.h"
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
  if (name == "fashion-mnist") return "./bootstrap data, or apt-get install dataset-fashion-mnist";
  if (name == "mnist") return "./bootstrap data fetches it";
  if (name == "cifar10") return "put the files of cifar-10-binary.tar.gz there, or say where yours are with --data-dir";
  return "put yours there, or say where it is with --data-dir";
}

// The published files.
MnistSums sums_of(const std::string& name, Part part) {
  if (name == "mnist") {
    return part == Part::train ? MnistSums{0xe9f4d8b3, 0xe0cb4ad2} : MnistSums{0x91373bdf, 0x4ab9eff9};
  }
  return part == Part::train ? MnistSums{0xb4f29f28, 0x741a4657} : MnistSums{0x678fe0b1, 0x80142c1f};
}

std::unique_ptr<Source> open(const std::string& name, Part part, const std::optional<std::filesystem::path>& directory,
                             std::size_t context) {
  dataset_kind(name, context);  // it throws where there is no such set
  const Place place{name, directory ? *directory : default_directory(name), hint(name)};
  if (name == "cifar10") return open_cifar(place, part);
  if (name == "text") return open_text(place, part, context);
  // A folder that somebody names may hold other data in the same form.
  return open_mnist(place, part, directory ? std::nullopt : std::optional(sums_of(name, part)));
}

std::vector<std::uint32_t> numbers(std::size_t first, std::size_t count) {
  if (first + count > std::numeric_limits<std::uint32_t>::max()) throw Error("more than 2^32 samples");
  std::vector<std::uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), static_cast<std::uint32_t>(first));
  return numbers;
}

}  // namespace

std::filesystem::path find_file(const Place& place, const std::vector<std::string>& stems) {
  std::string names;
  for (const std::string& stem : stems) {
    for (const char* suffix : {"", ".gz"}) {
      std::error_code ignored;
      auto file = place.folder / (stem + suffix);
      if (std::filesystem::exists(file, ignored)) return file;
    }
    names += (names.empty() ? "" : " or ") + stem;
  }
  throw Error("data set " + place.dataset + ": no " + names + " (plain or .gz) in " + place.folder.string() + " (" +
              place.hint + ")");
}

void check_label(const std::filesystem::path& file, std::size_t sample, std::uint8_t label, int classes) {
  if (label < classes) return;
  throw Error(file.string() + ": label " + std::to_string(label) + " of sample " + std::to_string(sample) +
              " is not within 0.." + std::to_string(classes - 1));
}

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names{"fashion-mnist", "mnist", "cifar10", "text"};
  return names;
}

DatasetKind dataset_kind(const std::string& name, std::size_t context) {
  if (std::ranges::find(dataset_names(), name) == dataset_names().end()) {
    throw Error("data set \"" + name + "\" is not known (fashion-mnist, mnist, cifar10 or text)");
  }
  if (name == "cifar10") return {SampleKind::images, {3, 32, 32}, 10, 1};
  if (name != "text") return {SampleKind::images, {1, 28, 28}, 10, 1};
  constexpr std::size_t kLongest = 65536;
  if (context < 1 || context > kLongest) {
    throw Error("samples of " + std::to_string(context) + " bytes of text: 1 to " + std::to_string(kLongest) +
                " wanted (--context)");
  }
  return {SampleKind::tokens, {1, 1, static_cast<int>(context)}, 256, context};
}

std::size_t count_samples(const std::string& name, Part part, const std::optional<std::filesystem::path>& directory,
                          std::size_t context) {
  return open(name, part, directory, context)->size();
}

Dataset load_dataset(const std::string& name, Part part, const std::optional<std::filesystem::path>& directory,
                     std::size_t context) {
  const auto source = open(name, part, directory, context);
  return source->read(numbers(0, source->size()), true);
}

Dataset load_slice(const std::string& name, const Slice& slice, const std::optional<std::filesystem::path>& directory,
                   std::size_t context) {
  const auto source = open(name, Part::train, directory, context);
  const std::size_t size = slice_size(source->size(), slice.index, slice.count);
  const bool last = slice.index + 1 == slice.count;
  if (slice.split.kind == SplitKind::contiguous) return source->read(numbers(slice.index * size, size), last);
  return source->read(slice_samples(source->labels(), slice), last);
}

}  // namespace geomx::trainer

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trainer/tensor/image_shape.h"

namespace geomx::trainer {

// Labelled images in memory, one byte per value, sample by sample in CHW order.
struct Dataset {
  ImageShape shape;
  int classes = 0;
  std::vector<std::uint8_t> images;
  std::vector<std::uint8_t> labels;

  std::size_t size() const { return labels.size(); }
  std::span<const std::uint8_t> image(std::size_t sample) const {
    return {images.data() + sample * shape.size(), shape.size()};
  }
};

enum class Part { train, test };

const std::vector<std::string>& dataset_names();  // "fashion-mnist", "mnist"

// What a data set's samples look like, without reading it. Throws Error for an unknown name.
struct DatasetKind {
  ImageShape shape;
  int classes = 0;
};
DatasetKind dataset_kind(const std::string& name);

// How many samples a part has, from the files' headers alone: at once, for any size. Throws Error as load_dataset()
// does for what the headers show.
std::size_t count_samples(const std::string& name, Part part,
                          const std::optional<std::filesystem::path>& directory = {});

// Reads one part of a data set from `directory`, or from where ./bootstrap puts it: Fashion-MNIST from its Debian
// package, MNIST from ${XDG_CACHE_HOME:-~/.cache}/geomx-emu/mnist. Files may be gzip-compressed. Throws Error naming
// the file and what is wrong: missing, damaged, counts that disagree, a label out of range.
Dataset load_dataset(const std::string& name, Part part, const std::optional<std::filesystem::path>& directory = {});

}  // namespace geomx::trainer

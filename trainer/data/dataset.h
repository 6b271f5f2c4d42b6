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

// Images become x/255 in the network, tokens whole numbers.
enum class SampleKind { images, tokens };

// What a data set's samples look like.
struct DatasetKind {
  SampleKind samples = SampleKind::images;
  ImageShape shape;  // of tokens {1, 1, positions}
  int classes = 0;
  std::size_t labels_per_sample = 1;  // tokens: one for each position

  // As a model's input is described: {channels, height, width}, {positions} of tokens.
  std::vector<long> input() const {
    if (samples == SampleKind::tokens) return {shape.width};
    return shape.dims();
  }
};

// Labelled samples in memory, one byte per value, sample by sample; images in CHW order.
struct Dataset : DatasetKind {
  std::vector<std::uint8_t> images;  // or tokens
  std::vector<std::uint8_t> labels;

  std::size_t size() const { return labels.size() / labels_per_sample; }
  std::span<const std::uint8_t> image(std::size_t sample) const {
    return {images.data() + sample * shape.size(), shape.size()};
  }
  std::span<const std::uint8_t> labels_of(std::size_t sample) const {
    return {labels.data() + sample * labels_per_sample, labels_per_sample};
  }
};

enum class Part { train, test };

const std::vector<std::string>& dataset_names();  // "fashion-mnist", "mnist", "cifar10", "text"

inline constexpr std::size_t kContext = 128;  // bytes of text in a sample

// Without reading it. Throws Error for an unknown name. `context`, here and below, is for text: the bytes of a sample.
DatasetKind dataset_kind(const std::string& name, std::size_t context = kContext);

// How many samples a part has, from the files' headers and sizes alone: at once, for any size. Throws Error as
// load_dataset() does for what these show.
std::size_t count_samples(const std::string& name, Part part,
                          const std::optional<std::filesystem::path>& directory = {}, std::size_t context = kContext);

// Reads one part of a data set from `directory`, or from where ./bootstrap puts it: Fashion-MNIST from its Debian
// package, all others from ${XDG_CACHE_HOME:-~/.cache}/geomx-emu/NAME. Files may be gzip-compressed. Throws Error
// naming the file and what is wrong: missing, damaged, counts that disagree, a label out of range. Of Fashion-MNIST and
// MNIST in their usual place the contents' checksums are those of the published files.
//   fashion-mnist, mnist  four IDX files (idx.h)
//   cifar10               its binary version: data_batch_1.bin to data_batch_5.bin, test_batch.bin
//   text                  train.txt and test.txt or, of text.txt, the first nine tenths and the last: bytes in samples
//   of
//                         `context`, one after the other; the labels are the bytes that follow each
Dataset load_dataset(const std::string& name, Part part, const std::optional<std::filesystem::path>& directory = {},
                     std::size_t context = kContext);

struct Slice;  // slice.h

// take_slice(load_dataset(name, Part::train, ...), slice), of which only the slice is ever in memory. Contiguous slices
// are read no further than they reach; whoever has the last one reads all, so that damage anywhere is found.
Dataset load_slice(const std::string& name, const Slice& slice,
                   const std::optional<std::filesystem::path>& directory = {}, std::size_t context = kContext);

}  // namespace geomx::trainer

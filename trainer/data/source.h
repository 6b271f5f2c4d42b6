#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"

namespace geomx::trainer {

// One part of a data set in its files, not read yet. To make one looks at headers and sizes, and throws Error for what
// these show. Internal to this folder.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::size_t size() const = 0;  // samples
  // Of every sample, one each. Throws Error where samples have more than one.
  virtual std::vector<std::uint8_t> labels() = 0;
  // Those samples, in that order. `everything`: look at all of the files, for damage anywhere.
  virtual Dataset read(std::span<const std::uint32_t> samples, bool everything) = 0;
};

// Where to look, and how to say that there is nothing.
struct Place {
  std::string dataset;
  std::filesystem::path folder;
  std::string hint;  // what to do
};

// `stem`, plain or with .gz; of several stems the first that there is. Throws Error where there is none.
std::filesystem::path find_file(const Place& place, const std::vector<std::string>& stems);

// Throws Error where it is not below `classes`.
void check_label(const std::filesystem::path& file, std::size_t sample, std::uint8_t label, int classes);

// The four files of MNIST and those made like it. The CRC-32 of their contents, plain, where it is known.
struct MnistSums {
  std::uint32_t images = 0;
  std::uint32_t labels = 0;
};
std::unique_ptr<Source> open_mnist(const Place& place, Part part, const std::optional<MnistSums>& sums);

// The binary version of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): data_batch_1.bin to data_batch_5.bin
// and test_batch.bin, records of a label and 3072 bytes in CHW order. The files may be of any length.
std::unique_ptr<Source> open_cifar(const Place& place, Part part);

// Bytes: train.txt and test.txt, or text.txt, whose last tenth is the test part. Sample i is bytes i * context to (i +
// 1) * context, its labels are those one byte on.
std::unique_ptr<Source> open_text(const Place& place, Part part, std::size_t context);

}  // namespace geomx::trainer

#include <utility>

#include "trainer/data/idx.h"
#include "trainer/data/source.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

class Mnist : public Source {
 public:
  Mnist(const Place& place, Part part, const std::optional<MnistSums>& sums) : sums_(sums) {
    const std::string prefix = part == Part::train ? "train" : "t10k";
    images_ = find_file(place, {prefix + "-images-idx3-ubyte"});
    labels_ = find_file(place, {prefix + "-labels-idx1-ubyte"});
    const auto labels = read_idx_shape(labels_, 1);
    check_shapes(read_idx_shape(images_, 3), labels[0]);
    size_ = labels[0];
  }

  std::size_t size() const override { return size_; }

  std::vector<std::uint8_t> labels() override {
    IdxArray labels = read_idx(labels_, 1, sums_ ? std::optional(sums_->labels) : std::nullopt);
    std::size_t sample = 0;
    for (std::uint8_t label : labels.elements) check_label(labels_, sample++, label, kKind.classes);
    return std::move(labels.elements);
  }

  Dataset read(std::span<const std::uint32_t> samples, bool everything) override {
    Dataset dataset{kKind, {}, {}};
    const std::vector<std::uint8_t> all = labels();
    for (std::uint32_t sample : samples) dataset.labels.push_back(all[sample]);
    IdxArray images =
        read_idx_rows(images_, 3, samples, everything, sums_ ? std::optional(sums_->images) : std::nullopt);
    check_shapes(images.shape, all.size());
    dataset.images = std::move(images.elements);
    return dataset;
  }

 private:
  static constexpr DatasetKind kKind{SampleKind::images, {1, 28, 28}, 10, 1};

  void check_shapes(const std::vector<std::uint32_t>& images, std::size_t labels) const {
    const auto text = [](auto height, auto width) { return std::to_string(height) + "x" + std::to_string(width); };
    const std::string wanted = text(kKind.shape.height, kKind.shape.width);
    const std::string found = text(images[1], images[2]);
    if (found != wanted) throw Error(images_.string() + ": images of " + wanted + " wanted, " + found + " found");
    if (images[0] != labels) {
      throw Error(labels_.string() + ": " + std::to_string(labels) + " labels for the " + std::to_string(images[0]) +
                  " images of " + images_.filename().string());
    }
  }

  std::optional<MnistSums> sums_;
  std::filesystem::path images_;
  std::filesystem::path labels_;
  std::size_t size_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_mnist(const Place& place, Part part, const std::optional<MnistSums>& sums) {
  return std::make_unique<Mnist>(place, part, sums);
}

}  // namespace geomx::trainer

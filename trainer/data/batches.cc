#include "trainer/data/batches.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "trainer/data/fraction.h"
#include "trainer/tensor/error.h"
#include "trainer/tensor/random.h"

namespace geomx::trainer {

void to_float(const Dataset& data, std::span<const std::uint32_t> samples, std::span<float> images) {
  float* out = images.data();
  if (data.samples == SampleKind::tokens) {
    for (std::uint32_t sample : samples) out = std::ranges::copy(data.image(sample), out).out;
    return;
  }
  for (std::uint32_t sample : samples) {
    for (std::uint8_t value : data.image(sample)) *out++ = kFraction[value];
  }
}

std::size_t batches_per_epoch(std::size_t samples, std::size_t batch_size) {
  if (batch_size == 0 || samples < batch_size) {
    throw Error("a batch of " + std::to_string(batch_size) + " cannot be taken from a slice of " +
                std::to_string(samples) + " samples (--batch-size)");
  }
  return samples / batch_size;
}

Batches::Batches(const Dataset& data, std::size_t batch_size, std::uint64_t seed, std::uint64_t stream, Augment augment)
    : data_(data),
      batch_size_(batch_size),
      seed_(seed),
      stream_(stream),
      augment_(augment),
      order_(data.size()),
      images_(batch_size * data.shape.size()),
      labels_(batch_size * data.labels_per_sample) {
  batches_per_epoch(data.size(), batch_size);  // it throws where that cannot be
  if (augment != Augment::none && data.samples == SampleKind::tokens) {
    throw Error("text cannot be mirrored and moved (--augment)");
  }
  shuffle();
}

// Fisher-Yates from the identity, so that an epoch's order does not depend on the epochs before it.
void Batches::shuffle() {
  std::iota(order_.begin(), order_.end(), 0u);
  Random random(seed_, stream_, epoch_);
  for (std::size_t i = order_.size() - 1; i > 0; --i) std::swap(order_[i], order_[random.below(i + 1)]);
}

void Batches::skip(std::size_t batches) {
  if (batches == 0) return;
  // The position after an epoch's last batch is that epoch's still, as next() leaves it.
  const std::size_t all = epoch_ * per_epoch() + position_ + batches;
  epoch_ = (all - 1) / per_epoch();
  position_ = all - epoch_ * per_epoch();
  shuffle();
}

void Batches::write_augmented(std::span<const std::uint32_t> samples, std::span<float> images) const {
  const std::size_t size = data_.shape.size();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    Random random(seed_, stream_, epoch_, position_ * batch_size_ + i);  // four numbers: apart from the order's three
    write_crop(data_.image(samples[i]), data_.shape, random_crop(random), images.subspan(i * size, size));
  }
}

Batch Batches::next(std::span<float> images) {
  if (position_ == per_epoch()) {
    ++epoch_;
    position_ = 0;
    shuffle();
  }
  const std::span<const std::uint32_t> samples(order_.data() + position_ * batch_size_, batch_size_);
  if (augment_ == Augment::none) {
    to_float(data_, samples, images);
  } else {
    write_augmented(samples, images);
  }
  auto label = labels_.begin();
  for (std::uint32_t sample : samples) label = std::ranges::copy(data_.labels_of(sample), label).out;
  ++position_;
  return {images.first(batch_size_ * data_.shape.size()), labels_, data_.labels_per_sample};
}

}  // namespace geomx::trainer

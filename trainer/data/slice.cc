#include "trainer/data/slice.h"

#include <algorithm>
#include <numeric>

#include "trainer/data/dirichlet.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {

SplitKind split_kind(const std::string& name) {
  if (name == "contiguous") return SplitKind::contiguous;
  if (name == "by-class") return SplitKind::by_class;
  if (name == "dirichlet") return SplitKind::dirichlet;
  throw Error("--split " + name + " is not known (contiguous, by-class or dirichlet)");
}

std::size_t slice_size(std::size_t samples, std::size_t index, std::size_t count) {
  if (index >= count) {
    throw Error("data slice " + std::to_string(index) + " does not exist: " + std::to_string(count) +
                " workers train, so it is 0.." + std::to_string(count == 0 ? 0 : count - 1) +
                " (--data-slice-idx, DMLC_NUM_ALL_WORKER)");
  }
  const std::size_t size = samples / count;
  if (size == 0) {
    throw Error(std::to_string(samples) + " samples cannot be cut into " + std::to_string(count) + " slices");
  }
  return size;
}

std::vector<std::uint32_t> slice_samples(std::span<const std::uint8_t> labels, const Slice& slice) {
  const std::size_t size = slice_size(labels.size(), slice.index, slice.count);
  if (slice.split.kind == SplitKind::dirichlet) {
    return std::move(deal_by_dirichlet(labels, slice.count, slice.split.alpha, slice.split.seed)[slice.index]);
  }
  std::vector<std::uint32_t> order(labels.size());
  std::iota(order.begin(), order.end(), 0u);
  if (slice.split.kind == SplitKind::by_class) {
    std::ranges::stable_sort(order, {}, [&](std::uint32_t sample) { return labels[sample]; });
  }
  const auto begin = order.begin() + static_cast<std::ptrdiff_t>(slice.index * size);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

Dataset take_slice(const Dataset& whole, const Slice& slice) {
  if (whole.labels_per_sample != 1 && slice.split.kind != SplitKind::contiguous) {
    throw Error("samples with " + std::to_string(whole.labels_per_sample) +
                " labels each have no class by which they could be split (--split contiguous)");
  }
  const std::vector<std::uint8_t> no_labels(whole.labels_per_sample == 1 ? 0 : whole.size());
  Dataset taken{static_cast<const DatasetKind&>(whole), {}, {}};
  for (std::uint32_t sample : slice_samples(no_labels.empty() ? whole.labels : no_labels, slice)) {
    const auto image = whole.image(sample);
    const auto labels = whole.labels_of(sample);
    taken.images.insert(taken.images.end(), image.begin(), image.end());
    taken.labels.insert(taken.labels.end(), labels.begin(), labels.end());
  }
  return taken;
}

}  // namespace geomx::trainer

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "trainer/cuda/program.h"
#include "trainer/tensor/dropout.h"
#include "trainer/tensor/tensors.h"

namespace geomx::trainer::cuda {

// What the host gives a pass over a batch, as one block of pinned memory that is copied as it is: samples, labels,
// dropout's keys, and how many of the labels count.
class Feed {
 public:
  Feed(const Graph& graph, std::size_t batch);
  std::size_t bytes() const { return memory_.size(); }
  const std::byte* data() const { return memory_.data(); }
  // Where a home begins in the block.
  std::size_t samples_at() const { return 0; }
  std::size_t labels_at() const { return labels_at_; }
  std::size_t keys_at() const { return keys_at_; }
  std::size_t counted_at() const { return counted_at_; }

  std::span<float> samples() { return {at<float>(0), samples_}; }
  std::span<std::int32_t> labels() { return {at<std::int32_t>(labels_at_), labels_}; }
  std::span<DropoutKey> keys() { return {at<DropoutKey>(keys_at_), nodes_}; }
  std::uint64_t& counted() { return *at<std::uint64_t>(counted_at_); }

 private:
  template <typename T>
  T* at(std::size_t offset) {
    return reinterpret_cast<T*>(memory_.data() + offset);
  }
  std::size_t samples_, labels_, nodes_;
  std::size_t labels_at_, keys_at_, counted_at_;
  AlignedBuffer memory_;
};

}  // namespace geomx::trainer::cuda

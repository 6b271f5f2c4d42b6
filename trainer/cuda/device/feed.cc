#include "trainer/cuda/device/feed.h"

#include "trainer/cuda/device/memory.h"

namespace geomx::trainer::cuda {
namespace {

constexpr std::size_t kAlign = 256;  // kernels read packs, and may read up to the end of one

std::size_t padded(std::size_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

}  // namespace

Feed::Feed(const Graph& graph, std::size_t batch)
    : samples_(batch * elements(graph.input_shape())),
      labels_(labels_of(graph, batch)),
      nodes_(graph.nodes().size()),
      labels_at_(padded(samples_ * sizeof(float))),
      keys_at_(labels_at_ + padded(labels_ * sizeof(std::int32_t))),
      counted_at_(keys_at_ + padded(nodes_ * sizeof(DropoutKey))),
      memory_(counted_at_ + kAlign, pinned_memory()) {}

}  // namespace geomx::trainer::cuda

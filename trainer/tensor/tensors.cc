#include "trainer/tensor/tensors.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

namespace geomx::trainer {

std::size_t TensorSpec::size() const {
  return static_cast<std::size_t>(std::accumulate(shape.begin(), shape.end(), 1L, std::multiplies<>()));
}

std::string to_string(const std::vector<long>& shape) {
  std::string text;
  for (long dimension : shape) text += (text.empty() ? "" : "x") + std::to_string(dimension);
  return text;
}

std::size_t total_size(const std::vector<TensorSpec>& specs) {
  std::size_t sum = 0;
  for (const TensorSpec& spec : specs) sum += spec.size();
  return sum;
}

void AlignedBuffer::Free::operator()(std::byte* address) const {
  memory->deallocate(address, bytes, kAlignment);
}

AlignedBuffer::AlignedBuffer(std::size_t bytes, std::pmr::memory_resource* memory) : size_(bytes) {
  const std::size_t taken = std::max<std::size_t>(bytes, 1);
  data_ = std::unique_ptr<std::byte[], Free>(static_cast<std::byte*>(memory->allocate(taken, kAlignment)),
                                             Free{memory, taken});
  std::memset(data_.get(), 0, bytes);
}

Tensors::Tensors(std::vector<TensorSpec> specs, std::pmr::memory_resource* memory) : specs_(std::move(specs)) {
  std::size_t offset = 0;
  for (const TensorSpec& spec : specs_) {
    offsets_.push_back(offset);
    offset += (spec.size() * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
  }
  buffer_ = AlignedBuffer(offset, memory);
}

Tensors Tensors::without_values(std::vector<TensorSpec> specs) {
  Tensors tensors;
  tensors.specs_ = std::move(specs);
  return tensors;
}

std::span<float> Tensors::operator[](std::size_t tensor) {
  if (!has_values()) return {};
  return {reinterpret_cast<float*>(buffer_.data() + offsets_[tensor]), specs_[tensor].size()};
}

std::span<const float> Tensors::operator[](std::size_t tensor) const {
  if (!has_values()) return {};
  return {reinterpret_cast<const float*>(buffer_.data() + offsets_[tensor]), specs_[tensor].size()};
}

}  // namespace geomx::trainer

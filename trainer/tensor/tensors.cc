#include "trainer/tensor/tensors.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
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

void AlignedBuffer::Free::operator()(std::byte* memory) const {
  ::operator delete[](memory, std::align_val_t(kAlignment));
}

AlignedBuffer::AlignedBuffer(std::size_t bytes)
    : data_(static_cast<std::byte*>(::operator new[](std::max<std::size_t>(bytes, 1), std::align_val_t(kAlignment)))),
      size_(bytes) {
  std::memset(data_.get(), 0, bytes);
}

Tensors::Tensors(std::vector<TensorSpec> specs) : specs_(std::move(specs)) {
  std::size_t offset = 0;
  for (const TensorSpec& spec : specs_) {
    offsets_.push_back(offset);
    offset += (spec.size() * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
  }
  buffer_ = AlignedBuffer(offset);
}

std::span<float> Tensors::operator[](std::size_t tensor) {
  return {reinterpret_cast<float*>(buffer_.data() + offsets_[tensor]), specs_[tensor].size()};
}

std::span<const float> Tensors::operator[](std::size_t tensor) const {
  return {reinterpret_cast<const float*>(buffer_.data() + offsets_[tensor]), specs_[tensor].size()};
}

}  // namespace geomx::trainer

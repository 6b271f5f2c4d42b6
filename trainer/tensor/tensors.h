#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

// The parameters (or the gradients) of a network at the boundary to the parameter server: named float arrays in
// canonical layouts, row-major. Backends may keep others inside.
namespace geomx::trainer {

struct TensorSpec {
  std::string name;         // "conv1.weight"
  std::vector<long> shape;  // convolution weights OIHW, dense weights {outputs, inputs}, biases {outputs}
  std::size_t size() const;
  bool operator==(const TensorSpec&) const = default;
};
std::string to_string(const std::vector<long>& shape);  // "16x1x5x5"
std::size_t total_size(const std::vector<TensorSpec>& specs);

inline constexpr std::size_t kAlignment = 64;  // bytes: a cache line and the widest vector register

// Zeroed memory aligned to kAlignment; move-only. It comes from `memory`, which outlives it: a backend may need some
// that its device reads.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::size_t bytes, std::pmr::memory_resource* memory = std::pmr::new_delete_resource());
  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    std::pmr::memory_resource* memory;
    std::size_t bytes;
    void operator()(std::byte* address) const;
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_ = 0;
};

// One allocation that holds every tensor, each aligned. Move-only; not synchronised.
class Tensors {
 public:
  explicit Tensors(std::vector<TensorSpec> specs, std::pmr::memory_resource* memory = std::pmr::new_delete_resource());
  // Names and shapes alone, of a model that nobody computes: no memory, and each tensor's values are an empty span.
  static Tensors without_values(std::vector<TensorSpec> specs);
  bool has_values() const { return !offsets_.empty() || specs_.empty(); }
  std::size_t count() const { return specs_.size(); }
  const TensorSpec& spec(std::size_t tensor) const { return specs_[tensor]; }
  const std::vector<TensorSpec>& specs() const { return specs_; }
  std::span<float> operator[](std::size_t tensor);
  std::span<const float> operator[](std::size_t tensor) const;

 private:
  Tensors() = default;
  std::vector<TensorSpec> specs_;
  std::vector<std::size_t> offsets_;  // bytes; empty: no values
  AlignedBuffer buffer_;
};

}  // namespace geomx::trainer

#pragma once

#include <type_traits>
#include <utility>

namespace geomx::trainer::cuda {

// The one owner of a library's object. Errors of the call that ends it cannot be helped and are dropped.
//
//   using Stream = Handle<cudaStream_t, cudaStreamDestroy>;
template <typename T, auto kDestroy>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T value) : value_(value) {}
  Handle(Handle&& other) noexcept : value_(std::exchange(other.value_, T{})) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Handle() {
    if (value_ != T{}) kDestroy(value_);
  }
  T get() const { return value_; }
  T* out() { return &value_; }  // for the call that makes it
  explicit operator bool() const { return value_ != T{}; }

 private:
  T value_{};
};

}  // namespace geomx::trainer::cuda

#include "ps/sync/array_pool.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

namespace geomx::ps {
namespace {

constexpr std::align_val_t kAlignment{64};  // a cache line, and the widest vector register

struct Release {
  void operator()(float* array) const { ::operator delete(array, kAlignment); }
};
using Array = std::unique_ptr<float, Release>;

}  // namespace

struct ArrayPool::Free {
  std::mutex mutex;
  std::vector<Array> arrays;
};

ArrayPool::ArrayPool(std::size_t length) : length_(length), free_(std::make_shared<Free>()) {}

std::shared_ptr<float> ArrayPool::take() {
  Array array;
  {
    const std::lock_guard lock(free_->mutex);
    if (!free_->arrays.empty()) {
      array = std::move(free_->arrays.back());
      free_->arrays.pop_back();
    }
  }
  if (!array) {
    const std::size_t bytes = std::max<std::size_t>(length_, 1) * sizeof(float);
    array.reset(static_cast<float*>(::operator new(bytes, kAlignment)));
  }
  return {array.release(), [free = free_](float* returned) {
            Array back(returned);
            const std::lock_guard lock(free->mutex);
            free->arrays.push_back(std::move(back));
          }};
}

Buffer ArrayPool::freeze(std::shared_ptr<float> array) const {
  const float* data = array.get();
  return {std::move(array), data, length_ * sizeof(float)};
}

}  // namespace geomx::ps

#include "ps/sync/array_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace geomx::ps {
namespace {

constexpr std::size_t kCacheLine = 64;           // and the widest vector register
constexpr std::size_t kHugePage = 2 << 20;       // bytes
constexpr std::size_t kShareHugePage = 1 << 16;  // arrays from this size on, in bytes

// Memory for one array or, that these may lie on huge pages, for several: to walk through a tensor then takes one
// translation of addresses and not hundreds.
class Slab {
 public:
  explicit Slab(std::size_t bytes)
      : alignment_{bytes >= kHugePage ? kHugePage : kCacheLine},
        start_(static_cast<std::byte*>(::operator new(bytes, alignment_))) {
#if defined(MADV_HUGEPAGE)
    // Where the kernel has none, pages stay small.
    if (bytes >= kHugePage) static_cast<void>(::madvise(start_, bytes, MADV_HUGEPAGE));
#endif
  }
  ~Slab() {
    ::operator delete(start_, alignment_);
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  std::byte* start() const {
    return start_;
  }

 private:
  std::align_val_t alignment_;
  std::byte* start_;
};

}  // namespace

// What is free of one length, and all that there is.
struct ArrayPool::Free {
  explicit Free(std::size_t length)
      : bytes((std::max<std::size_t>(length, 1) * sizeof(float) + kCacheLine - 1) / kCacheLine * kCacheLine) {}

  const std::size_t bytes;  // of an array
  std::mutex mutex;
  // Guarded by mutex:
  std::vector<float*> arrays;
  std::vector<std::unique_ptr<Slab>> slabs;

  void grow() {
    const std::size_t count = bytes >= kShareHugePage ? std::max<std::size_t>(kHugePage / bytes, 1) : 1;
    slabs.push_back(std::make_unique<Slab>(count > 1 ? kHugePage : bytes));
    for (std::size_t i = count; i > 0; --i) {
      arrays.push_back(reinterpret_cast<float*>(slabs.back()->start() + (i - 1) * bytes));
    }
  }
};

// The pools of one length that live now share one.
std::shared_ptr<ArrayPool::Free> ArrayPool::free_of(std::size_t length) {
  static std::mutex mutex;
  static std::map<std::size_t, std::weak_ptr<Free>> by_length;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Free> free = by_length[length].lock();
  if (!free) by_length[length] = free = std::make_shared<Free>(length);
  return free;
}

ArrayPool::ArrayPool(std::size_t length) : length_(length), free_(free_of(length)) {}

std::shared_ptr<float> ArrayPool::take() {
  float* array = nullptr;
  {
    const std::lock_guard lock(free_->mutex);
    if (free_->arrays.empty()) free_->grow();
    array = free_->arrays.back();
    free_->arrays.pop_back();
  }
  return {array, [free = free_](float* returned) {
            const std::lock_guard lock(free->mutex);
            free->arrays.push_back(returned);
          }};
}

Buffer ArrayPool::freeze(std::shared_ptr<float> array) const {
  const float* data = array.get();
  return {std::move(array), data, length_ * sizeof(float)};
}

}  // namespace geomx::ps

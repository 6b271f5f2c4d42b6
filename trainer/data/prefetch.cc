#include "trainer/data/prefetch.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "trainer/tensor/error.h"

namespace geomx::trainer {

constexpr std::chrono::minutes kPatience{1};

Prefetch::Prefetch(Compose compose, std::size_t images) : compose_(std::move(compose)) {
  for (Slot& slot : slots_) slot.images.resize(images);
  thread_ = std::thread([this] { run(); });
}

Prefetch::~Prefetch() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Prefetch::run() {
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ends_ || made_ - taken_ < slots_.size(); });
    if (ends_) return;
    Slot& slot = slots_[made_ % slots_.size()];
    lock.unlock();
    try {
      const Batch batch = compose_(slot.images);
      slot.labels.assign(batch.labels.begin(), batch.labels.end());
      slot.labels_per_sample = batch.labels_per_sample;
    } catch (...) {
      slot.failure = std::current_exception();
    }
    const bool failed = slot.failure != nullptr;
    lock.lock();
    ++made_;
    lock.unlock();
    changed_.notify_all();
    if (failed) return;
  }
}

Batch Prefetch::next(std::span<float> images) {
  std::unique_lock lock(mutex_);
  // The labels of the one before were the caller's until now; a failure stays where it is.
  if (taken_ < given_) {
    taken_ = given_;
    changed_.notify_all();
  }
  if (!changed_.wait_for(lock, kPatience, [&] { return made_ > given_; })) {
    throw Error("a batch has not been put together within a minute: this machine is overloaded");
  }
  Slot& slot = slots_[given_ % slots_.size()];
  lock.unlock();
  if (slot.failure) std::rethrow_exception(slot.failure);
  std::ranges::copy(slot.images, images.begin());
  ++given_;
  return {images.first(slot.images.size()), slot.labels, slot.labels_per_sample};
}

}  // namespace geomx::trainer

#include "emulator/shaper/wire_loop.h"

#include <algorithm>

#include "emulator/shaper/wire_thread.h"

namespace geomx::shaper {

WireLoop::WireLoop(WireLoopOptions options) : options_(options) {
  for (int i = 0; i < std::max(options_.threads, 1); ++i) {
    threads_.push_back(std::make_shared<WireThread>(options_.realtime));
  }
}

WireLoop::~WireLoop() = default;

std::string WireLoop::scheduling() const {
  return threads_.front()->scheduling();
}

std::shared_ptr<WireThread> WireLoop::least_loaded() {
  const std::lock_guard lock(mutex_);
  return *std::min_element(threads_.begin(), threads_.end(),
                           [](const auto& a, const auto& b) { return a->links() < b->links(); });
}

}  // namespace geomx::shaper

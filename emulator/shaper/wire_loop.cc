#include "emulator/shaper/wire_loop.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "emulator/base/error.h"
#include "emulator/netlink/bridge_queue.h"
#include "emulator/shaper/wire_thread.h"

namespace geomx::shaper {
namespace {

// A bridge and its rules take the kernel milliseconds to make and to remove; a lab of many links shall be up as soon as
// ever, and has no one flow that needs all of the machine.
constexpr int kMostHeldLinks = 64;

}  // namespace

WireLoop::WireLoop(WireLoopOptions options) : options_(options) {
  for (int i = 0; i < std::max(options_.threads, 1); ++i) {
    threads_.push_back(std::make_shared<WireThread>(options_.realtime));
  }
}

WireLoop::~WireLoop() = default;

std::string WireLoop::scheduling() const {
  return threads_.front()->scheduling();
}

std::shared_ptr<netlink::BridgeQueues> WireLoop::holding_rules() {
  const std::lock_guard lock(mutex_);
  if (!asked_for_rules_ && options_.hold && options_.links <= kMostHeldLinks) {
    try {
      rules_ = std::make_shared<netlink::BridgeQueues>();
    } catch (const Error& error) {
      spdlog::debug("frames do not stay in the kernel: {}", error.line());
    }
  }
  asked_for_rules_ = true;
  return rules_;
}

std::shared_ptr<WireThread> WireLoop::least_loaded() {
  const std::lock_guard lock(mutex_);
  return *std::min_element(threads_.begin(), threads_.end(),
                           [](const auto& a, const auto& b) { return a->links() < b->links(); });
}

}  // namespace geomx::shaper

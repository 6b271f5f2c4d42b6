#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "ps/transport/message.h"

namespace geomx::ps {

// The last loss that each of a party's workers has told, for DGT's adaptive share. Any thread.
class Losses {
 public:
  void note(NodeId worker, double loss) {
    const std::lock_guard lock(mutex_);
    losses_[worker] = loss;
  }
  void forget(NodeId worker) {
    const std::lock_guard lock(mutex_);
    losses_.erase(worker);
  }
  // Nothing as long as nobody has told any.
  std::optional<double> mean() const {
    const std::lock_guard lock(mutex_);
    if (losses_.empty()) return std::nullopt;
    double sum = 0;
    for (const auto& [worker, loss] : losses_) sum += loss;
    return sum / static_cast<double>(losses_.size());
  }

 private:
  mutable std::mutex mutex_;
  std::map<NodeId, double> losses_;
};

}  // namespace geomx::ps

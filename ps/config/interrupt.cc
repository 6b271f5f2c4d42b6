#include "ps/config/interrupt.h"

#include <utility>

namespace geomx::ps {

Interrupt::Guard::Guard(Interrupt* interrupt, End end) : interrupt_(interrupt) {
  if (interrupt_ == nullptr) return;
  const std::lock_guard lock(interrupt_->mutex_);
  place_ = interrupt_->ends_.insert(interrupt_->ends_.end(), std::move(end));
  if (!interrupt_->why_.empty()) (*place_)(interrupt_->why_);
}

Interrupt::Guard::~Guard() {
  if (interrupt_ == nullptr) return;
  const std::lock_guard lock(interrupt_->mutex_);
  interrupt_->ends_.erase(place_);
}

void Interrupt::raise(const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (!why_.empty()) return;
  why_ = why;
  for (const End& end : ends_) end(why);
}

}  // namespace geomx::ps

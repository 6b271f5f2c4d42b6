#include "emulator/shaper/tc_meter.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>

namespace geomx::shaper {
namespace {

constexpr auto kTurn = std::chrono::milliseconds(10);
constexpr int kIdleTurns = 5;
constexpr int kMostLooks = 64;

}  // namespace

void BusyTime::add(const Look& look, BitsPerSecond rate) {
  if (last_ && look.at > last_->at && look.bytes >= last_->bytes) {
    const Nanoseconds time = look.at - last_->at;
    const double could_leave = static_cast<double>(rate.value) / 8 * std::chrono::duration<double>(time).count();
    if (static_cast<double>(last_->backlog) >= 1.5 * could_leave) {
      nanoseconds_ += static_cast<std::uint64_t>(time.count());
      bytes_ += look.bytes - last_->bytes;
    }
  }
  last_ = look;
}

TcMeter::TcMeter() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "tc-meter");
    run();
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TcMeter::~TcMeter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void TcMeter::add(Metered& egress) {
  {
    const std::lock_guard lock(mutex_);
    entries_.push_back({&egress});
  }
  wake_.notify_all();
}

void TcMeter::remove(Metered& egress) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&egress](const Entry& entry) { return entry.egress == &egress; });
}

void TcMeter::run() {
  std::unique_lock lock(mutex_);
  auto turn = std::chrono::steady_clock::now();
  while (!stopping_) {
    if (entries_.empty()) {
      wake_.wait(lock, [this] { return stopping_ || !entries_.empty(); });
      continue;
    }
    take_turn();
    turn = std::max(turn + kTurn, std::chrono::steady_clock::now());
    wake_.wait_until(lock, turn, [this] { return stopping_; });
  }
}

void TcMeter::take_turn() {
  int looks = 0;
  const std::size_t begin = next_;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[(begin + i) % entries_.size()];
    if (--entry.rest > 0) continue;
    if (looks++ == kMostLooks) {
      next_ = (begin + i) % entries_.size();
      return;
    }
    entry.rest = entry.egress->look() ? 1 : kIdleTurns;
  }
}

}  // namespace geomx::shaper

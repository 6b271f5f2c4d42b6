#include "emulator/shaper/tc_meter.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>

namespace geomx::shaper {
namespace {

constexpr Nanoseconds kSoonest = std::chrono::microseconds(500);
constexpr Nanoseconds kLatest = std::chrono::milliseconds(10);
constexpr auto kTurn = std::chrono::milliseconds(1);
constexpr int kMostLooks = 8;

}  // namespace

void BusyTime::add(const Look& look, BitsPerSecond rate) {
  if (last_ && look.at > last_->at && look.bytes >= last_->bytes) {
    const Nanoseconds time = look.at - last_->at;
    const double could_leave = static_cast<double>(rate.value) / 8 * std::chrono::duration<double>(time).count();
    if (static_cast<double>(last_->backlog) >= 1.25 * could_leave) {
      nanoseconds_ += static_cast<std::uint64_t>(time.count());
      bytes_ += look.bytes - last_->bytes;
    }
  }
  last_ = look;
}

Nanoseconds until_next_look(std::uint64_t backlog, BitsPerSecond rate) {
  return std::clamp(transmission_time(Bytes{backlog}, rate) / 3, kSoonest, kLatest);
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
    changed_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void TcMeter::add(Metered& egress) {
  {
    const std::lock_guard lock(mutex_);
    entries_.push_back({&egress, Clock::now()});
    changed_ = true;
  }
  wake_.notify_all();
}

void TcMeter::remove(Metered& egress) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&egress](const Entry& entry) { return entry.egress == &egress; });
}

void TcMeter::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_ = false;
    wake_.wait_until(lock, take_turn(), [this] { return changed_; });
  }
}

TcMeter::Clock::time_point TcMeter::take_turn() {
  const auto sooner = [](const Entry& a, const Entry& b) { return a.due < b.due; };
  for (int looks = 0; looks < kMostLooks; ++looks) {
    const auto next = std::min_element(entries_.begin(), entries_.end(), sooner);
    if (next == entries_.end()) return Clock::now() + std::chrono::hours(1);
    if (next->due > Clock::now()) return next->due;
    next->due = Clock::now() + next->egress->look();
  }
  return Clock::now() + kTurn;
}

}  // namespace geomx::shaper

#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

// How long the event loop of this thread was not to be had, at most. Beside it a thread that does nothing but sleep
// says how long the machine itself was not: what remains is the program's own fault.
namespace geomx::test {

class StallMeter {
 public:
  StallMeter() : baseline_([this] { sleep_and_measure(); }) {
    QObject::connect(&timer_, &QTimer::timeout, [this] { worst_ = std::max(worst_, since_.restart() - kTick); });
    since_.start();
    timer_.setTimerType(Qt::PreciseTimer);
    timer_.start(kTick);
  }
  StallMeter(const StallMeter&) = delete;
  StallMeter& operator=(const StallMeter&) = delete;
  ~StallMeter() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_one();
    baseline_.join();
  }

  // Milliseconds, since the last call; a stall that goes on counts as well.
  qint64 take() {
    const qint64 worst = std::max({qint64{0}, worst_, since_.elapsed() - kTick});
    worst_ = 0;
    return std::max<qint64>(0, worst - machine_.exchange(0));
  }

 private:
  static constexpr int kTick = 10;

  void sleep_and_measure() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      QElapsedTimer slept;
      slept.start();
      changed_.wait_for(lock, std::chrono::milliseconds(kTick));
      machine_ = std::max(machine_.load(), slept.elapsed() - kTick);
    }
  }

  QTimer timer_;
  QElapsedTimer since_;
  qint64 worst_ = 0;
  std::atomic<qint64> machine_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::thread baseline_;  // last: it uses the others
};

}  // namespace geomx::test

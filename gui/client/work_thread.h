#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace geomx::gui {

// A thread that does one piece of work after the other, none of which may throw. Its owner joins it: the destructor
// waits for the piece at hand, and what has not begun is dropped.
class WorkThread {
 public:
  WorkThread();
  WorkThread(const WorkThread&) = delete;
  WorkThread& operator=(const WorkThread&) = delete;
  ~WorkThread();

  void post(std::function<void()> work);

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace geomx::gui

#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <string>

namespace geomx::ps {

// How long an interrupted node may take to tell the others why.
inline constexpr std::chrono::milliseconds kShortLinger{300};

// Ends what a process is doing, from another thread (a signal's): whoever works says how he is to be ended.
//
// Threading: any. The callbacks run one after the other on the thread of raise().
class Interrupt {
 public:
  using End = std::function<void(const std::string& why)>;

  // As long as it lives, `end` is called when somebody raises, or at once where somebody has. Its destructor waits for
  // a call that runs.
  class Guard {
   public:
    Guard(Interrupt* interrupt, End end);  // null: nobody ever raises
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Interrupt* interrupt_;
    std::list<End>::iterator place_;
  };

  void raise(const std::string& why);  // the first reason counts

 private:
  std::mutex mutex_;
  // Guarded by mutex_:
  std::string why_;
  std::list<End> ends_;
};

}  // namespace geomx::ps

#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "ps/config/interrupt.h"

namespace geomx::trainer {

// SIGTERM and SIGINT end the process within a second, with the exit status that a shell gives to a signal; before that,
// the other nodes are told, so that nobody waits for this one. A thread of its own takes the signals: in a handler
// hardly anything may be done, and the other threads may be busy.
//
// Make one before any other thread, and leave main() with finish().
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  ps::Interrupt& interrupt() { return interrupt_; }
  // One has come, and has been reported: what fails from now on is its consequence.
  bool raised() const { return signal_.load() != 0; }
  // The exit status: the signal's, where one has come, else `code`.
  int finish(int code);

 private:
  void watch();

  ps::Interrupt interrupt_;
  std::atomic<int> signal_{0};
  int descriptor_ = -1;  // of the signals
  int finished_ = -1;    // readable when main() has ended
  std::thread thread_;
};

}  // namespace geomx::trainer

#pragma once

#include <termios.h>

#include <string>

#include "emulator/base/fd.h"

namespace geomx::cli {

// A pseudo-terminal for a program elsewhere, joined to the user's own: raw while it lives, sizes kept the same. One
// thread. REQUIRES: standard input and output are a terminal. Throws SystemError.
class Terminal {
 public:
  Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();  // the user's terminal is as it was

  int program_side() const { return program_.get(); }
  void close_program_side() { program_.reset(); }
  int fd() const { return ours_.get(); }  // readable when the program has written

  void resize();        // after SIGWINCH
  bool from_program();  // program -> standard output; false when no program has the terminal any more
  bool from_user();     // standard input -> program; false at its end. REQUIRES: !holds_input()
  // A program that does not read takes only so much: the rest waits here, to be passed on once fd() is writable.
  bool holds_input() const { return !held_.empty(); }
  void pass_input();

 private:
  FileDescriptor ours_;
  FileDescriptor program_;
  std::string held_;
  termios before_{};
};

}  // namespace geomx::cli

#pragma once

#include <initializer_list>
#include <optional>

#include <csignal>

#include "emulator/base/fd.h"

namespace geomx::cli {

// Signals that are read from a descriptor instead of ending the process. Blocks them for the calling thread, and for
// threads started later, while it lives.
class Signals {
 public:
  explicit Signals(std::initializer_list<int> signals);  // throws SystemError
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  int fd() const { return fd_.get(); }  // readable when one has come
  std::optional<int> next();            // does not wait

 private:
  sigset_t before_{};
  FileDescriptor fd_;
};

}  // namespace geomx::cli

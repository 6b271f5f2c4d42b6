#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "emulator/base/fd.h"
#include "emulator/control/keys.h"

namespace geomx::control {

// A client's end of the ZeroMQ road. Never waits. Move-only, one thread at a time; a thread of ZeroMQ's own goes with
// it. All throw SystemError ("control socket").
class Dealer {
 public:
  // To the socket `name` in the folder (a path descriptor), however long its path is.
  Dealer(FileDescriptor folder, const std::string& name);
  // To "tcp://HOST:PORT", as the owner of `key`. InputError for an address that is none.
  Dealer(const std::string& address, const ClientKey& key);
  Dealer(Dealer&&) noexcept;
  ~Dealer();

  void send(const std::string& message);
  std::optional<std::string> receive();  // the next message that is there
  // Becomes readable when there may be something to receive, or trouble; REQUIRES: receive() has said that there is
  // nothing more.
  int fd() const;
  // TCP only: why nothing more is to be expected.
  std::optional<std::string> trouble();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::control

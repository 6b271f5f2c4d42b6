#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/fd.h"

namespace google::protobuf {
class MessageLite;
}

// Framed messages and descriptors over one connected Unix stream socket; see control.proto. Never blocks except in
// send_now. Move-only, one thread at a time. All throw SystemError ("control socket"); a peer that breaks the framing
// is a WorkError.
namespace geomx::control {

class Channel {
 public:
  explicit Channel(FileDescriptor socket);  // makes it non-blocking

  int fd() const { return socket_.get(); }

  // Waits until everything has left. The descriptors stay the caller's.
  void send_now(const google::protobuf::MessageLite& message, const std::vector<int>& descriptors,
                std::chrono::steady_clock::time_point deadline);

  // For a server: what does not fit into the socket waits for flush(), to be called when it is writable. A descriptor
  // that is given travels with the message.
  void queue(const google::protobuf::MessageLite& message, FileDescriptor descriptor = {});
  void flush();
  bool pending() const { return sent_ < out_.size(); }
  std::size_t waiting() const { return out_.size() - sent_; }  // bytes

  // Reads of what is there as much as is fair. False once the peer has closed; frames that came before are still to be
  // had.
  bool receive();
  // The body of the next complete frame.
  std::optional<std::string> next();
  // The next descriptor received, in the order of sending; empty when there is none.
  FileDescriptor next_descriptor();

 private:
  FileDescriptor socket_;
  std::string in_;
  std::string out_;
  std::size_t read_ = 0;  // of in_, consumed
  std::size_t sent_ = 0;  // of out_
  std::deque<FileDescriptor> descriptors_;
  struct Passenger {
    std::size_t at;  // of out_: the first byte of its message
    FileDescriptor descriptor;
  };
  std::deque<Passenger> passengers_;
};

}  // namespace geomx::control

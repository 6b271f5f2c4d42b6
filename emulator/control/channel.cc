#include "emulator/control/channel.h"

#include <fcntl.h>
#include <google/protobuf/message_lite.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "emulator/base/error.h"
#include "emulator/control/protocol.h"

namespace geomx::control {
namespace {

constexpr const char* where = "control socket";
constexpr std::size_t header_size = 4;
constexpr std::size_t read_at_once = 1u << 20;  // then it is somebody else's turn
constexpr std::size_t most_descriptors = 16;    // in one message of the socket

std::string frame(const google::protobuf::MessageLite& message) {
  std::string text(header_size, '\0');
  message.AppendToString(&text);
  const auto size = static_cast<std::uint32_t>(text.size() - header_size);
  for (std::size_t i = 0; i < header_size; ++i) text[i] = static_cast<char>(size >> (8 * (header_size - 1 - i)));
  return text;
}

// Room for a control message with descriptors, aligned as the kernel wants it.
struct alignas(cmsghdr) Ancillary {
  std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> bytes{};
};

// The number of bytes sent; 0 where the socket is full.
std::size_t send_some(int socket, const char* data, std::size_t size, const std::vector<int>& descriptors) {
  iovec part{const_cast<char*>(data), size};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  Ancillary ancillary;
  if (!descriptors.empty()) {
    header.msg_control = ancillary.bytes.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(control), descriptors.data(), descriptors.size() * sizeof(int));
  }
  for (;;) {
    const ssize_t sent = ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) throw SystemError(where, "send", errno);
  }
}

}  // namespace

Channel::Channel(FileDescriptor socket) : socket_(std::move(socket)) {
  const int flags = check(::fcntl(socket_.get(), F_GETFL), "read flags", where);
  check(::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK), "make non-blocking", where);
}

void Channel::send_now(const google::protobuf::MessageLite& message, const std::vector<int>& descriptors,
                       std::chrono::steady_clock::time_point deadline) {
  const std::string text = frame(message);
  std::size_t sent = 0;
  while (sent < text.size()) {
    const std::size_t step =
        send_some(socket_.get(), text.data() + sent, text.size() - sent, sent == 0 ? descriptors : std::vector<int>{});
    sent += step;
    if (step > 0) continue;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd writable{socket_.get(), POLLOUT, 0};
    if (left.count() <= 0 || ::poll(&writable, 1, static_cast<int>(left.count())) == 0) {
      throw SystemError(where, "send", ETIMEDOUT);
    }
  }
}

void Channel::queue(const google::protobuf::MessageLite& message, FileDescriptor descriptor) {
  if (descriptor) passengers_.push_back({out_.size(), std::move(descriptor)});
  out_ += frame(message);
}

void Channel::flush() {
  while (pending()) {
    // A descriptor leaves with its message's first byte, and no byte of a later one before it.
    std::size_t end = out_.size();
    std::vector<int> with;
    if (!passengers_.empty()) {
      if (passengers_.front().at > sent_) {
        end = passengers_.front().at;
      } else {
        with.push_back(passengers_.front().descriptor.get());
        if (passengers_.size() > 1) end = passengers_[1].at;
      }
    }
    const std::size_t step = send_some(socket_.get(), out_.data() + sent_, end - sent_, with);
    if (step == 0) return;
    if (!with.empty()) passengers_.pop_front();
    sent_ += step;
  }
  out_.clear();
  sent_ = 0;
}

bool Channel::receive() {
  std::array<char, 65536> buffer;
  for (std::size_t read = 0; read < read_at_once;) {
    iovec part{buffer.data(), buffer.size()};
    Ancillary ancillary;
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = ancillary.bytes.data();
    header.msg_controllen = ancillary.bytes.size();
    const ssize_t size = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return true;
    if (size < 0 && errno == ECONNRESET) return false;
    if (size < 0) throw SystemError(where, "receive", errno);
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
      if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
      std::array<int, most_descriptors> received{};
      const std::size_t bytes = std::min(control->cmsg_len - CMSG_LEN(0), sizeof received);
      std::memcpy(received.data(), CMSG_DATA(control), bytes);
      for (std::size_t i = 0; i < bytes / sizeof(int); ++i) descriptors_.emplace_back(received[i]);
    }
    if (size == 0) return false;
    in_.append(buffer.data(), static_cast<std::size_t>(size));
    read += static_cast<std::size_t>(size);
  }
  return true;
}

std::optional<std::string> Channel::next() {
  if (in_.size() - read_ < header_size) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < header_size; ++i) size = size << 8 | static_cast<unsigned char>(in_[read_ + i]);
  if (size > kLargestRequest) throw WorkError(where, "the peer sent a frame of more than 16 MiB");
  if (in_.size() - read_ - header_size < size) return std::nullopt;
  std::string body = in_.substr(read_ + header_size, size);
  read_ += header_size + size;
  if (read_ == in_.size()) {
    in_.clear();
    read_ = 0;
  }
  return body;
}

FileDescriptor Channel::next_descriptor() {
  if (descriptors_.empty()) return FileDescriptor();
  FileDescriptor first = std::move(descriptors_.front());
  descriptors_.pop_front();
  return first;
}

}  // namespace geomx::control

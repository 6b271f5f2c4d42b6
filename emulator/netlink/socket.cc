#include "emulator/netlink/socket.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/error.h"

namespace geomx::netlink {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDeadline{30};
constexpr int kDumpAttempts = 20;
// The kernel fills at most 32 KiB of a reader's buffer with one answer.
constexpr std::size_t kReceiveBytes = 64 << 10;

void enable(int fd, int option) {
  // Kernels before 4.12 lack these; errors are then less well explained, nothing else.
  const int on = 1;
  ::setsockopt(fd, SOL_NETLINK, option, &on, sizeof(on));
}

std::size_t receive(int fd, std::vector<std::byte>& buffer, Clock::time_point deadline, const Message& about) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd readable{fd, POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(std::max<long>(left, 0)));
    if (ready == 0) throw SystemError(about.object(), about.attempt(), ETIMEDOUT);
    if (ready < 0 && errno != EINTR) throw SystemError(about.object(), about.attempt(), errno);
    if (ready < 0) continue;
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) throw SystemError(about.object(), about.attempt(), errno);
    if (static_cast<std::size_t>(size) > buffer.size()) throw SystemError(about.object(), about.attempt(), EMSGSIZE);
    return static_cast<std::size_t>(size);
  }
}

// The text of an extended acknowledgement.
std::string kernel_says(nlmsghdr* header) {
  if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  const auto* error = static_cast<nlmsgerr*>(nlmsg_data(header));
  int offset = sizeof(nlmsgerr);
  if ((header->nlmsg_flags & NLM_F_CAPPED) == 0) {
    offset += static_cast<int>(NLMSG_ALIGN(error->msg.nlmsg_len) - NLMSG_HDRLEN);
  }
  if (offset > nlmsg_datalen(header)) return {};
  nlattr* text = nlmsg_find_attr(header, offset, NLMSGERR_ATTR_MSG);
  if (text == nullptr || nla_len(text) == 0) return {};
  const std::string_view chars(static_cast<const char*>(nla_data(text)), static_cast<std::size_t>(nla_len(text)));
  return "the kernel says: " + std::string(chars.substr(0, chars.find('\0')));
}

}  // namespace

Socket::Socket() : socket_(nl_socket_alloc()) {
  if (socket_ == nullptr) throw SystemError({}, "open netlink socket", ENOMEM);
  if (nl_connect(socket_, NETLINK_ROUTE) < 0) {
    const int error = errno;
    nl_socket_free(socket_);
    throw SystemError({}, "open netlink socket", error);
  }
  enable(nl_socket_get_fd(socket_), NETLINK_EXT_ACK);
  enable(nl_socket_get_fd(socket_), NETLINK_CAP_ACK);
}

Socket::Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

Socket::~Socket() {
  nl_socket_free(socket_);
}

int Socket::fd() const {
  return nl_socket_get_fd(socket_);
}

void Socket::execute(const Message& message) {
  execute_chunk({&message, 1});
}

void Socket::execute(const Batch& batch) {
  for (std::size_t begin = 0; begin < batch.size(); begin += kChunk) {
    execute_chunk(std::span(batch).subspan(begin, std::min(kChunk, batch.size() - begin)));
  }
}

// The kernel carries out all requests of one system call before it returns, and answers with an error for each that
// failed. Only the last asks for an acknowledgement, which then stands for all.
void Socket::execute_chunk(std::span<const Message> chunk) {
  std::array<iovec, kChunk> pieces{};
  const std::uint32_t first = nl_socket_use_seq(socket_);
  std::uint32_t last = first;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    nlmsghdr* header = nlmsg_hdr(chunk[i].get());
    if (i > 0) last = nl_socket_use_seq(socket_);
    header->nlmsg_seq = last;
    header->nlmsg_pid = nl_socket_get_local_port(socket_);
    header->nlmsg_flags |= NLM_F_REQUEST;
    if (i + 1 == chunk.size()) {
      header->nlmsg_flags |= NLM_F_ACK;
    } else {
      header->nlmsg_flags &= static_cast<std::uint16_t>(~NLM_F_ACK);
    }
    pieces[i] = {header, header->nlmsg_len};
  }
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  msghdr envelope{};
  envelope.msg_name = &kernel;
  envelope.msg_namelen = sizeof(kernel);
  envelope.msg_iov = pieces.data();
  envelope.msg_iovlen = chunk.size();
  const int fd = nl_socket_get_fd(socket_);
  while (::sendmsg(fd, &envelope, 0) < 0) {
    if (errno != EINTR) throw SystemError(chunk[0].object(), chunk[0].attempt(), errno);
  }

  std::optional<SystemError> failure;
  const auto deadline = Clock::now() + kDeadline;
  std::vector<std::byte> buffer(kReceiveBytes);
  for (bool done = false; !done;) {
    int size = static_cast<int>(receive(fd, buffer, deadline, chunk[0]));
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); nlmsg_ok(header, size) != 0;
         header = nlmsg_next(header, &size)) {
      const std::uint32_t index = header->nlmsg_seq - first;
      if (header->nlmsg_type != NLMSG_ERROR || index >= chunk.size()) continue;
      const auto* answer = static_cast<nlmsgerr*>(nlmsg_data(header));
      if (answer->error != 0 && !failure) {
        failure.emplace(chunk[index].object(), chunk[index].attempt(), -answer->error, kernel_says(header));
      }
      done = done || header->nlmsg_seq == last;
    }
  }
  if (failure) throw SystemError(*failure);
}

void Socket::dump(const Message& request, const std::function<void(std::span<const std::byte>)>& each,
                  const std::function<void()>& restart) {
  std::vector<std::byte> buffer(kReceiveBytes);
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    if (attempt > 0) restart();
    if (exchange(request, NLM_F_DUMP, each, buffer)) return;
  }
  throw SystemError(request.object(), request.attempt(), EAGAIN, "the namespace keeps changing meanwhile");
}

void Socket::query(const Message& request, const std::function<void(std::span<const std::byte>)>& each) {
  std::vector<std::byte> buffer(kReceiveBytes);
  exchange(request, NLM_F_ACK, each, buffer);
}

bool Socket::exchange(const Message& request, int flags, const std::function<void(std::span<const std::byte>)>& each,
                      std::vector<std::byte>& buffer) {
  const int fd = nl_socket_get_fd(socket_);
  nlmsghdr* ask = nlmsg_hdr(request.get());
  ask->nlmsg_seq = nl_socket_use_seq(socket_);
  ask->nlmsg_pid = nl_socket_get_local_port(socket_);
  ask->nlmsg_flags |= NLM_F_REQUEST | flags;
  if (::send(fd, ask, ask->nlmsg_len, 0) < 0) throw SystemError(request.object(), request.attempt(), errno);
  bool consistent = true;
  const auto deadline = Clock::now() + kDeadline;
  for (;;) {
    int size = static_cast<int>(receive(fd, buffer, deadline, request));
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); nlmsg_ok(header, size) != 0;
         header = nlmsg_next(header, &size)) {
      if (header->nlmsg_seq != ask->nlmsg_seq) continue;  // left over from a dump that an exception of `each` ended
      if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
      const bool done = header->nlmsg_type == NLMSG_DONE;
      if (done || header->nlmsg_type == NLMSG_ERROR) {
        const int error = *static_cast<int*>(nlmsg_data(header));
        if (error < 0) throw SystemError(request.object(), request.attempt(), -error, kernel_says(header));
        if (done || (flags & NLM_F_ACK) != 0) return consistent;
        continue;
      }
      each({reinterpret_cast<const std::byte*>(header), header->nlmsg_len});
    }
  }
}

}  // namespace geomx::netlink

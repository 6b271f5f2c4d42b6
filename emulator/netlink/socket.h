#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "emulator/netlink/message.h"

struct nl_sock;

namespace geomx::netlink {

// A rtnetlink socket. It belongs for life to the network namespace that was the calling thread's when it was made, so
// one made inside sandbox::ScopedNetwork keeps working there after the scope has ended.
// Move-only; one thread at a time. All members throw SystemError naming the attempt and the object; its hint quotes the
// kernel's extended acknowledgement where there is one. Every wait for the kernel ends after 30 s with ETIMEDOUT.
class Socket {
 public:
  Socket();
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  void execute(const Message& message);

  // Sends all in order, many to a system call, and throws for the first that the kernel refused, naming its object.
  // Up to kChunk messages after that one may then have been carried out.
  void execute(const Batch& batch);

  // Sends a dump request and calls `each` with every message of the answer (struct nlmsghdr first). A dump that the
  // kernel marks as interrupted by a concurrent change is asked for again, after `restart`.
  void dump(const Message& request, const std::function<void(std::span<const std::byte>)>& each,
            const std::function<void()>& restart);

  // Asks for one object and calls `each` with the answer.
  void query(const Message& request, const std::function<void(std::span<const std::byte>)>& each);

  int fd() const;

  static constexpr std::size_t kChunk = 64;

 private:
  void execute_chunk(std::span<const Message> chunk);
  bool exchange(const Message& request, int flags, const std::function<void(std::span<const std::byte>)>& each,
                std::vector<std::byte>& buffer);  // false: a concurrent change interrupted a dump

  nl_sock* socket_;
};

}  // namespace geomx::netlink

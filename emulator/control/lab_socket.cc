#include "emulator/control/lab_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "emulator/base/error.h"
#include "emulator/sandbox/pidfd.h"

namespace geomx::control {
namespace {

// A socket takes connections without its lab's doing until its queue is full, and would then let the next one wait.
constexpr timeval connect_patience{2, 0};

// The socket's address by way of its folder's descriptor: sun_path holds 107 bytes, and runtime folders can be longer.
struct SocketAddress {
  SocketAddress(const std::string& folder, const char* name) : directory(open_folder(folder)) {
    address.sun_family = AF_UNIX;
    const std::string path = fmt::format("/proc/self/fd/{}/{}", directory.get(), name);
    std::copy(path.begin(), path.end(), address.sun_path);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }

  FileDescriptor directory;
  sockaddr_un address{};
};

FileDescriptor make_socket() {
  return FileDescriptor(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "create socket", "control socket"));
}

}  // namespace

FileDescriptor open_folder(const std::string& folder) {
  return FileDescriptor(check(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open folder", folder));
}

FileDescriptor bind_socket(const std::string& folder, const char* name) {
  const std::string path = folder + "/" + name;
  ::unlink(path.c_str());
  FileDescriptor socket = make_socket();
  const SocketAddress address(folder, name);
  check(::bind(socket.get(), address.get(), sizeof address.address), "bind", path);
  return socket;
}

FileDescriptor connect_socket(const std::string& folder) {
  FileDescriptor socket = make_socket();
  const SocketAddress address(folder, kDescriptorSocket);
  check(::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &connect_patience, sizeof connect_patience),
        "set a deadline", folder);
  check(::connect(socket.get(), address.get(), sizeof address.address), "connect", folder + "/" + kDescriptorSocket);
  return socket;
}

pid_t init_of(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  check(::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size), "ask for the peer", "control socket");
  return peer.pid;
}

FileDescriptor open_init(int connection) {
  const pid_t init = init_of(connection);
  if (init <= 1) return FileDescriptor();
  try {
    FileDescriptor pidfd = sandbox::open_pidfd(init);
    // The connection stands: the lab process, which holds the other end, lives, and so its init has lived all along.
    pollfd entry{connection, POLLRDHUP, 0};
    if (::poll(&entry, 1, 0) == 0) return pidfd;
  } catch (const SystemError&) {
    // It has ended before the pidfd was opened.
  }
  return FileDescriptor();
}

}  // namespace geomx::control

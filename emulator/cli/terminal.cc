#include "emulator/cli/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "emulator/base/error.h"

namespace geomx::cli {
namespace {

constexpr const char* where = "terminal";

void write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    check(static_cast<int>(written), "write", where);
    data += written;
    size -= static_cast<std::size_t>(written);
  }
}

// False at the end of input.
bool copy_once(int from, int to) {
  std::array<char, 4096> buffer;
  const ssize_t size = ::read(from, buffer.data(), buffer.size());
  if (size < 0 && errno == EINTR) return true;
  if (size <= 0) return false;  // a terminal that nobody has open any more says EIO
  write_all(to, buffer.data(), static_cast<std::size_t>(size));
  return true;
}

}  // namespace

Terminal::Terminal() : ours_(check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "create a pseudo-terminal", where)) {
  check(::grantpt(ours_.get()), "grant", where);
  check(::unlockpt(ours_.get()), "unlock", where);
  program_.reset(check(::ioctl(ours_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), "open the other side", where));
  resize();
  check(::tcgetattr(STDIN_FILENO, &before_), "read its mode", where);
  termios raw = before_;
  ::cfmakeraw(&raw);
  check(::tcsetattr(STDIN_FILENO, TCSANOW, &raw), "make raw", where);
}

Terminal::~Terminal() {
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

void Terminal::resize() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) ::ioctl(ours_.get(), TIOCSWINSZ, &size);
}

bool Terminal::from_user() {
  return copy_once(STDIN_FILENO, ours_.get());
}

bool Terminal::from_program() {
  return copy_once(ours_.get(), STDOUT_FILENO);
}

}  // namespace geomx::cli

#include "emulator/cli/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

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

// What is there to be read; none at the end of input.
std::optional<std::string> read_some(int fd) {
  std::array<char, 4096> buffer;
  const ssize_t size = ::read(fd, buffer.data(), buffer.size());
  if (size < 0 && (errno == EINTR || errno == EAGAIN)) return std::string();
  if (size <= 0) return std::nullopt;  // a terminal that nobody has open any more says EIO
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

}  // namespace

Terminal::Terminal()
    : ours_(check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), "create a pseudo-terminal", where)) {
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
  std::optional<std::string> typed = read_some(STDIN_FILENO);
  if (!typed) return false;
  held_ = std::move(*typed);
  pass_input();
  return true;
}

void Terminal::pass_input() {
  const ssize_t written = ::write(ours_.get(), held_.data(), held_.size());
  if (written >= 0) {
    held_.erase(0, static_cast<std::size_t>(written));
  } else if (errno != EINTR && errno != EAGAIN) {
    held_.clear();  // EIO: no program has the terminal any more
  }
}

bool Terminal::from_program() {
  const std::optional<std::string> shown = read_some(ours_.get());
  if (shown) write_all(STDOUT_FILENO, shown->data(), shown->size());
  return shown.has_value();
}

}  // namespace geomx::cli

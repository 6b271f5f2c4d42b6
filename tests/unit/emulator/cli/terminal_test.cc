#include "emulator/cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "emulator/base/error.h"

namespace geomx::cli {
namespace {

// The user's terminal: while it lives, it is this process's standard input and output.
class UsersTerminal {
 public:
  UsersTerminal() : keyboard_(check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), "create")) {
    check(::grantpt(keyboard_.get()), "grant");
    check(::unlockpt(keyboard_.get()), "unlock");
    const FileDescriptor side(check(::ioctl(keyboard_.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC), "open"));
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
      saved_[fd] = FileDescriptor(check(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "save"));
      check(::dup2(side.get(), fd), "redirect");
    }
  }
  UsersTerminal(const UsersTerminal&) = delete;
  UsersTerminal& operator=(const UsersTerminal&) = delete;
  ~UsersTerminal() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(saved_[fd].get(), fd);
  }

  // As much as the terminal takes at once.
  std::size_t type(const std::string& text) const {
    const ssize_t size = ::write(keyboard_.get(), text.data(), text.size());
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }

 private:
  FileDescriptor keyboard_;
  FileDescriptor saved_[2];
};

std::string read_now(int fd) {
  std::string text(65536, '\0');
  pollfd entry{fd, POLLIN, 0};
  if (::poll(&entry, 1, 0) != 1) return {};
  const ssize_t size = ::read(fd, text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

TEST(Terminal, APasteIntoAProgramThatDoesNotReadIsHeldAndThenPassedOnWhole) {
  std::string paste;
  for (int line = 0; paste.size() < (64 << 10); ++line) paste += std::to_string(line) + "\n";
  std::string got;
  bool held = false;
  {
    const UsersTerminal user;
    Terminal terminal;
    termios raw{};
    ::tcgetattr(terminal.program_side(), &raw);
    ::cfmakeraw(&raw);  // the program wants every byte, like an editor
    ::tcsetattr(terminal.program_side(), TCSANOW, &raw);
    std::size_t typed = 0;
    // The program does not read until nothing more goes in. A write that waited for it would never return.
    while (!terminal.holds_input() && typed < paste.size()) {
      typed += user.type(paste.substr(typed, 1024));
      terminal.from_user();
    }
    held = terminal.holds_input();
    for (int idle = 0; got.size() < paste.size() && idle < 1000;) {
      const std::string piece = read_now(terminal.program_side());
      idle = piece.empty() ? idle + 1 : 0;
      got += piece;
      pollfd writable{terminal.fd(), POLLOUT, 0};
      if (terminal.holds_input()) {
        if (::poll(&writable, 1, 10) == 1) terminal.pass_input();
        continue;
      }
      typed += user.type(paste.substr(typed, 1024));
      pollfd readable{STDIN_FILENO, POLLIN, 0};
      if (::poll(&readable, 1, 10) == 1) terminal.from_user();
    }
  }
  EXPECT_TRUE(held);
  EXPECT_EQ(got.size(), paste.size());
  EXPECT_EQ(got, paste);
}

}  // namespace
}  // namespace geomx::cli

#include "emulator/control/outside.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <exception>
#include <fstream>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"
#include "emulator/control/runtime.h"
#include "emulator/lab/device_return.h"
#include "emulator/lab/uplink.h"
#include "emulator/sandbox/cgroup.h"

namespace geomx::control {
namespace {

constexpr const char* mark_name = "outside";
constexpr std::chrono::seconds reaper_patience{30};  // with processes that the kernel is slow to end

constexpr const char* uplinks_word = "uplinks";

struct Outside {
  std::string mark;
  bool uplinks = false;  // a machine without nftables need not be asked for them
};

Outside read_outside(const std::string& folder) {
  Outside outside;
  std::string word;
  std::ifstream(folder + "/" + mark_name) >> outside.mark >> word;
  outside.uplinks = word == uplinks_word;
  const bool good =
      outside.mark.size() == 16 && outside.mark.find_first_not_of("0123456789abcdef") == std::string::npos;
  return good ? outside : Outside();
}

bool remove(const std::string& folder, const Outside& outside, Nanoseconds timeout) {
  if (outside.mark.empty()) return true;
  const bool returned = lab::return_devices(folder, outside.mark, timeout);
  if (outside.uplinks) lab::remove_uplinks(outside.mark);
  return sandbox::remove_cgroups(outside.mark, timeout) && returned;
}

[[noreturn]] void reap(int pidfd, int lock, const std::string& folder, const Outside& outside) {
  ::setsid();
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, "geomx-reaper");
  // The starter's terminal and pipes are not to be kept open.
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  const int first = std::min(pidfd, lock);
  const int second = std::max(pidfd, lock);
  if (first > 3) ::close_range(3, static_cast<unsigned>(first) - 1, 0);
  if (second > first + 1) ::close_range(static_cast<unsigned>(first) + 1, static_cast<unsigned>(second) - 1, 0);
  ::close_range(static_cast<unsigned>(second) + 1, ~0U, 0);
  if (::chdir("/") < 0) ::_exit(1);
  try {
    pollfd entry{pidfd, POLLIN, 0};
    while (::poll(&entry, 1, -1 /* as long as the lab lives */) < 0 && errno == EINTR) {
    }
    // What is left then is the next command's, which finds the mark.
    if (!remove(folder, outside, reaper_patience)) ::_exit(1);
    if (is_lock_of(lock, folder)) remove_folder(folder);  // else it is another lab's by now
  } catch (const std::exception&) {
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace

std::string make_mark() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) throw SystemError({}, "draw a lab's mark", errno);
  return fmt::format("{:016x}", number);
}

void write_mark(const std::string& folder, const std::string& mark, bool uplinks) {
  const std::string path = folder + "/" + mark_name;
  std::ofstream file(path);
  file << mark << (uplinks ? std::string(" ") + uplinks_word : std::string()) << '\n';
  file.close();
  if (!file) throw SystemError(path, "write", errno);
}

std::string read_mark(const std::string& folder) {
  return read_outside(folder).mark;
}

void remove_mark(const std::string& folder) {
  ::unlink((folder + "/" + mark_name).c_str());
}

bool remove_outside(const std::string& folder, Nanoseconds timeout) {
  return remove(folder, read_outside(folder), timeout);
}

void start_reaper(int pidfd, int lock, const std::string& folder) {
  const Outside outside = read_outside(folder);
  const pid_t between = check(::fork(), "fork", "the lab's reaper");
  if (between == 0) {
    // Its parent ends at once, so that nobody has to wait for it.
    const pid_t reaper = ::fork();
    if (reaper == 0) reap(pidfd, lock, folder, outside);
    ::_exit(reaper < 0 ? 1 : 0);
  }
  int status = 0;
  while (::waitpid(between, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) throw SystemError(folder, "start the lab's reaper", EAGAIN);
}

}  // namespace geomx::control

#include "emulator/sandbox/namespace.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <future>

#include "emulator/base/error.h"
#include "emulator/sandbox/sysctl.h"

namespace geomx::sandbox {

namespace {

FileDescriptor open_own(const char* kind) {
  const std::string path = std::string("/proc/thread-self/ns/") + kind;
  return FileDescriptor(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open own namespace", path));
}

// Takes the thread back to a namespace at the end of a scope, exceptions included.
class Return {
 public:
  explicit Return(int home) : home_(home) {}
  Return(const Return&) = delete;
  Return& operator=(const Return&) = delete;
  ~Return() {
    if (::setns(home_, 0) < 0) std::terminate();
  }

 private:
  int home_;
};

void bring_up_loopback() {
  const FileDescriptor socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open socket", "lo"));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof(request.ifr_name) - 1);
  check(::ioctl(socket.get(), SIOCGIFFLAGS, &request), "find interface", "lo");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "bring up interface", "lo");
}

}  // namespace

std::vector<std::string> apply(const NetworkSettings& settings) {
  // A kernel without IPv6 has no such settings, and is off already.
  const char* ipv6_off = settings.ipv6 ? "0" : "1";
  for (const char* name : {"net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.default.disable_ipv6"}) {
    if (!try_write_sysctl(name, ipv6_off) && ::access("/proc/sys/net/ipv6", F_OK) == 0) write_sysctl(name, ipv6_off);
  }
  // Written even where it is to be off: a new namespace starts with the machine's IPv4 settings.
  write_sysctl("net.ipv4.ip_forward", settings.forward ? "1" : "0");

  std::vector<std::string> refused;
  const auto wish = [&](const std::string& name, const std::string& value) {
    if (!try_write_sysctl(name, value)) refused.push_back(name + " = " + value);
  };
  for (const char* scope : {"all", "default"}) {
    const std::string prefix = std::string("net.ipv4.conf.") + scope;
    wish(prefix + ".rp_filter", "0");
    if (settings.forward) wish(prefix + ".send_redirects", "0");
  }
  wish("net.ipv4.tcp_slow_start_after_idle", "0");
  if (!settings.congestion_control.empty()) wish("net.ipv4.tcp_congestion_control", settings.congestion_control);
  // Minimum and default are the kernel's own.
  const std::string maximum = std::to_string(settings.socket_buffer_max.value);
  wish("net.ipv4.tcp_rmem", "4096 131072 " + maximum);
  wish("net.ipv4.tcp_wmem", "4096 16384 " + maximum);
  bring_up_loopback();
  return refused;
}

Namespace Namespace::create_network(const NetworkSettings& settings, std::vector<std::string>* refused) {
  const Namespace home = current_network();
  const Return back(home.fd());
  check(::unshare(CLONE_NEWNET), "create network namespace");
  Namespace created = current_network();
  std::vector<std::string> lines = apply(settings);
  if (refused != nullptr) *refused = std::move(lines);
  return created;
}

Namespace Namespace::create_uts(const std::string& hostname) {
  const Namespace home = current_uts();
  const Return back(home.fd());
  check(::unshare(CLONE_NEWUTS), "create UTS namespace", hostname);
  check(::sethostname(hostname.data(), hostname.size()), "set host name", hostname);
  return current_uts();
}

// Whoever leaves a mount namespace cannot come back to it while he shares his root and folder with other threads; so
// the thread that makes one ends there.
Namespace Namespace::create_mounts(const std::function<void()>& arrange) {
  return std::async(std::launch::async,
                    [&] {
                      check(::unshare(CLONE_NEWNS), "create mount namespace");
                      arrange();
                      return Namespace(open_own("mnt"));
                    })
      .get();
}

Namespace Namespace::current_network() {
  return Namespace(open_own("net"));
}
Namespace Namespace::current_uts() {
  return Namespace(open_own("uts"));
}

ScopedNetwork::ScopedNetwork(int fd) : home_(open_own("net")) {
  check(::setns(fd, CLONE_NEWNET), "enter network namespace");
}

ScopedNetwork::~ScopedNetwork() {
  if (::setns(home_.get(), CLONE_NEWNET) < 0) std::terminate();
}

}  // namespace geomx::sandbox

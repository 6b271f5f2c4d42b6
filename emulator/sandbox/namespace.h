#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/fd.h"
#include "emulator/base/units.h"

// Network, UTS (hostname) and mount namespaces, each held by one file descriptor and by nothing else: no name under
// /run/netns. When the last descriptor is closed and the last process inside has ended, the kernel removes the
// namespace with every link in it; so those of a lab end with the lab's processes, however these end.
//
// All throw SystemError. They need CAP_SYS_ADMIN in the user namespace; see privileges.h.
namespace geomx::sandbox {

// What every network namespace gets before a link is made in it.
struct NetworkSettings {
  bool ipv6 = false;     // off: no duplicate address detection (1000 ports on a bridge: 0.6 s rather than 21 s)
  bool forward = false;  // a router: net.ipv4.ip_forward
  std::string congestion_control = "cubic";  // empty: leave the kernel's default
  Bytes socket_buffer_max{64 << 20};         // upper bounds of tcp_rmem and tcp_wmem
};

// Applies them to the calling thread's network namespace and brings its loopback up; reverse path filtering and ICMP
// redirects are off, so that asymmetric routes work, and TCP does not slow down after idling. Returns a line for each
// wish that this kernel, or an unprivileged lab, does not grant, such as "congestion control cubic".
// Throws where emulation would be wrong without the setting (ipv6, forward).
std::vector<std::string> apply(const NetworkSettings& settings);

class Namespace {
 public:
  // Both leave the calling thread in the namespaces where it was; 0.3 ms each.
  // `refused`: where given, gets the lines that apply() returned.
  static Namespace create_network(const NetworkSettings& settings, std::vector<std::string>* refused = nullptr);
  static Namespace create_uts(const std::string& hostname);
  // A copy of the calling thread's mounts, arranged by `arrange`, which runs in it on a thread of its own.
  static Namespace create_mounts(const std::function<void()>& arrange);
  // Those of the calling thread.
  static Namespace current_network();
  static Namespace current_uts();

  // Of one of these files under /proc/PID/ns, or of what stands for it (pinned.h).
  explicit Namespace(FileDescriptor fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }

 private:
  FileDescriptor fd_;
};

// The calling thread is in the network namespace `fd` while this lives; other threads are not concerned. Sockets made
// meanwhile stay there. Scopes may nest, and end in reverse order on the thread that opened them. Coming back cannot
// fail unless the process gives up CAP_SYS_ADMIN in between, which ends it (std::terminate): going on in the wrong
// namespace would be worse.
class ScopedNetwork {
 public:
  explicit ScopedNetwork(int fd);
  explicit ScopedNetwork(const Namespace& network) : ScopedNetwork(network.fd()) {}
  ScopedNetwork(const ScopedNetwork&) = delete;
  ScopedNetwork& operator=(const ScopedNetwork&) = delete;
  ~ScopedNetwork();

 private:
  FileDescriptor home_;
};

}  // namespace geomx::sandbox

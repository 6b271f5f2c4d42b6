#include "emulator/sandbox/privileges.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "emulator/base/error.h"
#include "emulator/sandbox/lab_process.h"
#include "emulator/sandbox/namespace.h"
#include "emulator/sandbox/sysctl.h"

namespace geomx::sandbox {

namespace {

constexpr std::chrono::seconds kProbeDeadline{10};

bool setting_is(const char* name, const char* value) {
  try {
    return read_sysctl(name) == value;
  } catch (const SystemError&) {
    return false;  // this kernel does not have it
  }
}

bool filtered_by_seccomp() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Seccomp:")) return line.ends_with('2');
  }
  return false;
}

}  // namespace

bool can_make_namespaces_directly() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, data) < 0) return false;
  const auto has = [&](unsigned capability) { return (data[capability / 32].effective >> (capability % 32) & 1) != 0; };
  return has(CAP_SYS_ADMIN) && has(CAP_NET_ADMIN);
}

std::string user_namespace_remedy() {
  if (setting_is("user.max_user_namespaces", "0")) return "as root: sysctl -w user.max_user_namespaces=15000";
  if (setting_is("kernel.unprivileged_userns_clone", "0")) {
    return "as root: sysctl -w kernel.unprivileged_userns_clone=1";
  }
  if (setting_is("kernel.apparmor_restrict_unprivileged_userns", "1")) {
    return "as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (filtered_by_seccomp()) {
    return "a seccomp filter is in force: run the container with --privileged, or with "
           "--security-opt seccomp=unconfined";
  }
  return {};
}

Privileges probe_privileges() {
  Privileges privileges;
  try {
    LabProcess lab = spawn_init({.name = "geomx-probe"}, [](StartReport& report) {
      std::string refused;
      for (const std::string& line : apply(NetworkSettings{})) refused += line + "\n";
      report.ready(refused);
      return 0;
    });
    std::istringstream refused(lab.wait_ready(kProbeDeadline));
    privileges.mode = can_make_namespaces_directly() ? LabMode::root : LabMode::user_namespace;
    for (std::string line; std::getline(refused, line);) privileges.limits.push_back("cannot set " + line);
  } catch (const Error& error) {
    privileges.obstacle = error.what();
    privileges.remedy = error.hint();
  }
  return privileges;
}

}  // namespace geomx::sandbox

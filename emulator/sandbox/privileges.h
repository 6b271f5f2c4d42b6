#pragma once

#include <string>
#include <vector>

namespace geomx::sandbox {

enum class LabMode {
  root,            // CAP_SYS_ADMIN and CAP_NET_ADMIN at hand: namespaces directly
  user_namespace,  // within a user namespace, as the caller's own user
  impossible,
};

// What this process may do, found by doing it in a child process rather than by looking at settings.
struct Privileges {
  LabMode mode = LabMode::impossible;
  std::string obstacle{};  // impossible: what failed, "create user namespace: Operation not permitted"
  std::string remedy{};    // and what would help: "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
  // Network settings that a lab would want and is not granted, one line each.
  std::vector<std::string> limits{};
};

Privileges probe_privileges();

// Whether CAP_SYS_ADMIN and CAP_NET_ADMIN are in force.
bool can_make_namespaces_directly();

// What on this machine forbids user namespaces, as a hint for an error; empty where nothing is known.
std::string user_namespace_remedy();

}  // namespace geomx::sandbox

#include "emulator/control/limits.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

namespace geomx::control {
namespace {

constexpr std::uint64_t margin = 64;
constexpr std::uint64_t per_node = 3;     // its network and its UTS namespace, and a reader of its counters
constexpr std::uint64_t per_tc_link = 4;  // two netlink sockets at each end
constexpr std::uint64_t per_wire_link = 3;
constexpr double megabytes_per_node = 0.5;  // of the kernel's memory, at most

std::string value_of(const char* sysctl) {
  std::string path = "/proc/sys/" + std::string(sysctl);
  std::replace(path.begin() + static_cast<std::ptrdiff_t>(std::string("/proc/sys/").size()), path.end(), '.', '/');
  std::ifstream file(path);
  std::string value;
  file >> value;
  return value.empty() ? "unknown" : value;
}

std::string raise(const char* sysctl, std::uint64_t to) {
  return fmt::format("{} is {}: raise it, as root: sysctl -w {}={}", sysctl, value_of(sysctl), sysctl, to);
}

}  // namespace

std::uint64_t descriptors_needed(const lab::Plan& plan) {
  std::uint64_t needed = margin + per_node * plan.nodes.size();
  for (const lab::PlannedLink& link : plan.links) {
    if (link.shaper == shaper::Kind::tc) needed += per_tc_link;
    if (link.shaper == shaper::Kind::wire) needed += per_wire_link;
  }
  return needed;
}

std::uint64_t lift_descriptor_limit(const lab::Plan& plan) {
  const std::uint64_t needed = descriptors_needed(plan);
  rlimit limit{};
  check(::getrlimit(RLIMIT_NOFILE, &limit), "read the limit of open files");
  const rlim_t before = limit.rlim_cur;
  const rlimit allowed{limit.rlim_max, limit.rlim_max};
  const rlimit wanted{std::max<rlim_t>(needed, limit.rlim_max), std::max<rlim_t>(needed, limit.rlim_max)};
  // Root may raise the hard limit too, as far as fs.nr_open goes.
  if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) return before;
  check(::setrlimit(RLIMIT_NOFILE, &allowed), "raise the limit of open files");
  if (needed > allowed.rlim_max) {
    throw WorkError(
        plan.lab,
        fmt::format("a lab of {} nodes and {} links needs {} open files, and the limit is {}", plan.nodes.size(),
                    plan.links.size(), needed, allowed.rlim_max),
        fmt::format("raise it, as root: prlimit --nofile={0}:{0} --pid $$ (fs.nr_open, now {1}, must be as high)",
                    needed, value_of("fs.nr_open")));
  }
  return before;
}

SystemError naming_limit(const SystemError& error, const lab::Plan& plan) {
  if (!error.hint().empty()) return error;
  const std::size_t nodes = plan.nodes.size();
  std::string hint;
  switch (error.error_number()) {
    case EMFILE:
      hint = fmt::format("too few open files for a lab of this size; as root: prlimit --nofile={0}:{0} --pid $$",
                         2 * descriptors_needed(plan));
      break;
    case ENFILE:
      hint = raise("fs.file-max", 4 * descriptors_needed(plan));
      break;
    case ENOSPC:  // of namespaces: user_namespaces(7)
      hint =
          raise("user.max_net_namespaces", 2 * nodes + 100) + "; " + raise("user.max_uts_namespaces", 2 * nodes + 100);
      break;
    case EAGAIN:
      hint = raise("kernel.pid_max", 4194304) + "; and ulimit -u may be too low";
      break;
    case ENOMEM:
    case ENOBUFS:
      hint = fmt::format("the kernel has no more memory: a lab of {} nodes takes up to {:.0f} MB of it", nodes,
                         megabytes_per_node * static_cast<double>(nodes));
      break;
    default:
      return error;
  }
  // The same words again, to which the constructor adds the reason.
  const std::string reason = std::string(": ") + std::strerror(error.error_number());
  std::string attempt = error.what();
  if (attempt.ends_with(reason)) attempt.resize(attempt.size() - reason.size());
  return {error.where(), attempt, error.error_number(), hint};
}

}  // namespace geomx::control

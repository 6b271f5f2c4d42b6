#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>

#include "emulator/base/error.h"
#include "emulator/lab/lab.h"
#include "emulator/netlink/route.h"
#include "emulator/netlink/socket.h"

namespace geomx::lab {
namespace {

constexpr int kPauseMs = 20;  // between two looks at a router's routes

// One that is planned and not there; null: all are.
const PlannedRoute* missing(const PlannedNode& node, const sandbox::Namespace& network) {
  const sandbox::ScopedNetwork inside(network);
  netlink::Socket socket;
  const std::vector<netlink::Route> routes = netlink::list_routes(socket);
  const auto it = std::find_if(node.learned.begin(), node.learned.end(), [&](const PlannedRoute& wanted) {
    return std::none_of(routes.begin(), routes.end(), [&](const netlink::Route& each) {
      return each.destination == netlink::Ipv4Prefix{wanted.destination.value, wanted.prefix};
    });
  });
  return it == node.learned.end() ? nullptr : &*it;
}

}  // namespace

void Lab::wait_until_routed(Nanoseconds timeout) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    const PlannedNode& node = plan_.nodes[n];
    if (node.learned.empty()) continue;
    while (const PlannedRoute* route = missing(node, namespaces_[n].network)) {
      if (std::chrono::steady_clock::now() > deadline) {
        throw WorkError(node.name,
                        fmt::format("has not learned a route to {}/{} by {} after {}", to_string(route->destination),
                                    route->prefix, to_string(plan_.routing), geomx::to_string(timeout, true)),
                        "its routing daemon's log says more; links with much loss or delay take longer");
      }
      ::poll(nullptr, 0, kPauseMs);
    }
  }
}

}  // namespace geomx::lab

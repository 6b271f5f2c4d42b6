#include "emulator/netlink/route.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <cerrno>
#include <memory>

#include "emulator/base/error.h"
#include "emulator/netlink/native.h"

namespace geomx::netlink {

namespace {

using NativeRoute = std::unique_ptr<rtnl_route, Release<rtnl_route_put>>;

Message build(int (*builder)(rtnl_route*, int, nl_msg**), int flags, const char* attempt, const Route& wanted,
              const std::string& object) {
  const NativeRoute route(rtnl_route_alloc());
  const NativeAddress destination = native_address(wanted.destination.address, wanted.destination.length);
  rtnl_nexthop* hop = rtnl_route_nh_alloc();
  if (route == nullptr || destination == nullptr || hop == nullptr) {
    rtnl_route_nh_free(hop);
    throw SystemError(object, attempt, ENOMEM);
  }
  rtnl_route_add_nexthop(route.get(), hop);  // owns it now
  rtnl_route_set_family(route.get(), AF_INET);
  rtnl_route_set_table(route.get(), RT_TABLE_MAIN);
  rtnl_route_set_protocol(route.get(), RTPROT_STATIC);
  rtnl_route_set_type(route.get(), RTN_UNICAST);
  rtnl_route_set_scope(route.get(), wanted.gateway != 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
  if (wanted.gateway != 0) {
    const NativeAddress gateway = native_address(wanted.gateway);
    if (gateway == nullptr) throw SystemError(object, attempt, ENOMEM);
    rtnl_route_nh_set_gateway(hop, gateway.get());
  }
  if (wanted.link_index != 0) rtnl_route_nh_set_ifindex(hop, wanted.link_index);
  nl_msg* message = nullptr;
  if (rtnl_route_set_dst(route.get(), destination.get()) < 0 || builder(route.get(), flags, &message) < 0) {
    throw SystemError(object, attempt, EINVAL);
  }
  return {message, std::string(attempt) + " " + to_string(wanted.destination), object};
}

}  // namespace

Message add_route(const Route& route, const std::string& object) {
  return build(rtnl_route_build_add_request, NLM_F_CREATE | NLM_F_EXCL, "add route", route, object);
}

Message replace_route(const Route& route, const std::string& object) {
  return build(rtnl_route_build_add_request, NLM_F_CREATE | NLM_F_REPLACE, "replace route", route, object);
}

Message delete_route(const Route& route, const std::string& object) {
  return build(rtnl_route_build_del_request, 0, "delete route", route, object);
}

std::vector<Route> list_routes(Socket& socket) {
  Message request(RTM_GETROUTE, 0, "list routes", {});
  rtmsg ask{};
  ask.rtm_family = AF_INET;
  request.put_header(&ask, sizeof(ask));
  std::vector<Route> routes;
  socket.dump(
      request,
      [&](std::span<const std::byte> bytes) {
        auto* message = native_header(bytes);
        nlattr* attributes[RTA_MAX + 1];
        if (nlmsg_parse(message, sizeof(rtmsg), attributes, RTA_MAX, nullptr) < 0) {
          throw SystemError({}, "read the kernel's list of routes", EBADMSG);
        }
        const auto* header = static_cast<rtmsg*>(nlmsg_data(message));
        if (header->rtm_table != RT_TABLE_MAIN || header->rtm_type != RTN_UNICAST) return;
        Route route;
        route.destination.length = header->rtm_dst_len;
        if (attributes[RTA_DST] != nullptr) route.destination.address = ntohl(nla_get_u32(attributes[RTA_DST]));
        if (attributes[RTA_GATEWAY] != nullptr) route.gateway = ntohl(nla_get_u32(attributes[RTA_GATEWAY]));
        if (attributes[RTA_OIF] != nullptr) route.link_index = static_cast<int>(nla_get_u32(attributes[RTA_OIF]));
        routes.push_back(route);
      },
      [&] { routes.clear(); });
  return routes;
}

}  // namespace geomx::netlink

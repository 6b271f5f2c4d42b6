#include "emulator/netlink/belongings.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "emulator/base/error.h"
#include "emulator/netlink/native.h"

namespace geomx::netlink {
namespace {

constexpr int passes = 4;  // a route may need another one, over which its gateway is reached

std::string copy_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

nlattr* find(nlmsghdr* message, std::size_t header, int attribute) {
  return nlmsg_find_attr(message, static_cast<int>(header), attribute);
}

bool made_by_kernel(nlmsghdr* message, const ifaddrmsg& address) {
  std::uint32_t flags = address.ifa_flags;
  if (const nlattr* all = find(message, sizeof(ifaddrmsg), IFA_FLAGS)) flags = nla_get_u32(all);
  if (address.ifa_family != AF_INET6) return false;
  const bool learned = (flags & IFA_F_PERMANENT) == 0 && (flags & IFA_F_MANAGETEMPADDR) != 0;
  return address.ifa_scope == RT_SCOPE_LINK || learned || (flags & IFA_F_TEMPORARY) != 0;
}

bool made_by_kernel(const rtmsg& route) {
  return route.rtm_protocol == RTPROT_KERNEL || route.rtm_protocol == RTPROT_RA ||
         route.rtm_protocol == RTPROT_REDIRECT || (route.rtm_flags & RTM_F_CLONED) != 0;
}

template <typename Header>
Message request_for(int type, const char* attempt) {
  Message request(type, 0, attempt, {});
  const Header any{};
  request.put_header(&any, sizeof(any));
  return request;
}

void add_addresses(Socket& socket, int link_index, Belongings& found) {
  socket.dump(
      request_for<ifaddrmsg>(RTM_GETADDR, "list addresses"),
      [&](std::span<const std::byte> bytes) {
        nlmsghdr* message = native_header(bytes);
        const auto& address = *static_cast<ifaddrmsg*>(nlmsg_data(message));
        const bool ip = address.ifa_family == AF_INET || address.ifa_family == AF_INET6;
        if (!ip || static_cast<int>(address.ifa_index) != link_index || made_by_kernel(message, address)) return;
        found.addresses.push_back(copy_of(bytes));
      },
      [&] { found.addresses.clear(); });
}

void add_routes(Socket& socket, int link_index, Belongings& found) {
  socket.dump(
      request_for<rtmsg>(RTM_GETROUTE, "list routes"),
      [&](std::span<const std::byte> bytes) {
        nlmsghdr* message = native_header(bytes);
        const auto& route = *static_cast<rtmsg*>(nlmsg_data(message));
        if (route.rtm_family != AF_INET && route.rtm_family != AF_INET6) return;
        const nlattr* link = find(message, sizeof(rtmsg), RTA_OIF);
        if (link == nullptr || static_cast<int>(nla_get_u32(link)) != link_index) return;
        if (route.rtm_dst_len == 0 && route.rtm_type == RTN_UNICAST) found.has_default_route = true;
        if (!made_by_kernel(route)) found.routes.push_back(copy_of(bytes));
      },
      [&] {
        found.routes.clear();
        found.has_default_route = false;
      });
}

// The kernel's message as a request for the same.
Message again(const std::string& bytes, const char* attempt, const std::string& object) {
  auto* header = const_cast<nlmsghdr*>(reinterpret_cast<const nlmsghdr*>(bytes.data()));
  const bool whole = bytes.size() >= sizeof(nlmsghdr) && header->nlmsg_len == bytes.size();
  nl_msg* message = whole ? nlmsg_convert(header) : nullptr;
  if (message == nullptr) throw SystemError(object, attempt, whole ? ENOMEM : EBADMSG);
  nlmsg_hdr(message)->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
  return {message, attempt, object};
}

// Whether the kernel has taken it, or has it already.
bool accepted(Socket& socket, const Message& message) {
  try {
    socket.execute(message);
  } catch (const SystemError& error) {
    if (error.error_number() == ETIMEDOUT) throw;
    return error.error_number() == EEXIST;
  }
  return true;
}

}  // namespace

Belongings belongings_of(Socket& socket, int link_index) {
  Belongings found;
  add_addresses(socket, link_index, found);
  add_routes(socket, link_index, found);
  return found;
}

void give_addresses(Socket& socket, const Belongings& belongings, int link_index, const std::string& object) {
  for (const std::string& each : belongings.addresses) {
    const Message message = again(each, "give back address", object);
    static_cast<ifaddrmsg*>(nlmsg_data(nlmsg_hdr(message.get())))->ifa_index = static_cast<unsigned>(link_index);
    accepted(socket, message);
  }
}

void give_routes(Socket& socket, const Belongings& belongings, int link_index, const std::string& object) {
  std::vector<Message> left;
  for (const std::string& each : belongings.routes) {
    left.push_back(again(each, "give back route", object));
    nlmsghdr* message = nlmsg_hdr(left.back().get());
    static_cast<rtmsg*>(nlmsg_data(message))->rtm_flags &= RTNH_F_ONLINK;  // the others are what it was at the time
    nlattr* link = find(message, sizeof(rtmsg), RTA_OIF);
    const auto index = static_cast<std::uint32_t>(link_index);
    if (link != nullptr) std::memcpy(nla_data(link), &index, sizeof(index));
  }
  for (int pass = 0; pass < passes && !left.empty(); ++pass) {
    std::erase_if(left, [&](const Message& message) { return accepted(socket, message); });
  }
}

}  // namespace geomx::netlink

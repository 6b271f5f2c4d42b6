#include "emulator/netlink/address.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>

#include <bit>
#include <cerrno>
#include <memory>

#include "emulator/base/error.h"
#include "emulator/netlink/native.h"

namespace geomx::netlink {

namespace {

using RouteAddress = std::unique_ptr<rtnl_addr, Release<rtnl_addr_put>>;

Message build(int (*builder)(rtnl_addr*, int, nl_msg**), int flags, const char* attempt, int link_index,
              const Ipv4Prefix& prefix, const std::string& object) {
  const RouteAddress address(rtnl_addr_alloc());
  const NativeAddress local = native_address(prefix.address, prefix.length);
  if (address == nullptr || local == nullptr) throw SystemError(object, attempt, ENOMEM);
  rtnl_addr_set_ifindex(address.get(), link_index);
  nl_msg* message = nullptr;
  if (rtnl_addr_set_local(address.get(), local.get()) < 0 || builder(address.get(), flags, &message) < 0) {
    throw SystemError(object, attempt, EINVAL);
  }
  return {message, attempt, object};
}

}  // namespace

NativeAddress native_address(std::uint32_t address, int length) {
  const std::uint32_t network_order = htonl(address);
  NativeAddress native(nl_addr_build(AF_INET, &network_order, sizeof(network_order)));
  if (native != nullptr) nl_addr_set_prefixlen(native.get(), length);
  return native;
}

std::string ipv4_to_string(std::uint32_t address) {
  char text[INET_ADDRSTRLEN];
  const in_addr network_order{htonl(address)};
  return inet_ntop(AF_INET, &network_order, text, sizeof(text));
}

std::string to_string(const Ipv4Prefix& prefix) {
  return ipv4_to_string(prefix.address) + "/" + std::to_string(prefix.length);
}

Message add_address(int link_index, const Ipv4Prefix& address, const std::string& object) {
  return build(rtnl_addr_build_add_request, NLM_F_CREATE | NLM_F_EXCL, "add address", link_index, address, object);
}

Message delete_address(int link_index, const Ipv4Prefix& address, const std::string& object) {
  return build(rtnl_addr_build_delete_request, 0, "delete address", link_index, address, object);
}

std::vector<Address> list_addresses(Socket& socket) {
  Message request(RTM_GETADDR, 0, "list addresses", {});
  ifaddrmsg ask{};
  ask.ifa_family = AF_INET;
  request.put_header(&ask, sizeof(ask));
  std::vector<Address> addresses;
  socket.dump(
      request,
      [&](std::span<const std::byte> bytes) {
        auto* message = native_header(bytes);
        nlattr* attributes[IFA_MAX + 1];
        if (nlmsg_parse(message, sizeof(ifaddrmsg), attributes, IFA_MAX, nullptr) < 0) {
          throw SystemError({}, "read the kernel's list of addresses", EBADMSG);
        }
        const auto* header = static_cast<ifaddrmsg*>(nlmsg_data(message));
        if (attributes[IFA_LOCAL] == nullptr) return;
        addresses.push_back({static_cast<int>(header->ifa_index),
                             {ntohl(nla_get_u32(attributes[IFA_LOCAL])), static_cast<int>(header->ifa_prefixlen)}});
      },
      [&] { addresses.clear(); });
  return addresses;
}

}  // namespace geomx::netlink

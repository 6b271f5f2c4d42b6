#include "emulator/netlink/neighbour.h"

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/route/neighbour.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "emulator/base/error.h"
#include "emulator/netlink/native.h"

namespace geomx::netlink {

namespace {

using NativeNeighbour = std::unique_ptr<rtnl_neigh, Release<rtnl_neigh_put>>;

Message build(int (*builder)(rtnl_neigh*, int, nl_msg**), int flags, const char* attempt, const Neighbour& wanted,
              const std::string& object) {
  const NativeNeighbour neighbour(rtnl_neigh_alloc());
  const NativeAddress address = native_address(wanted.address);
  const NativeAddress mac(nl_addr_build(AF_LLC, wanted.mac.data(), wanted.mac.size()));
  if (neighbour == nullptr || address == nullptr || mac == nullptr) throw SystemError(object, attempt, ENOMEM);
  rtnl_neigh_set_ifindex(neighbour.get(), wanted.link_index);
  rtnl_neigh_set_state(neighbour.get(), NUD_PERMANENT);
  rtnl_neigh_set_lladdr(neighbour.get(), mac.get());
  nl_msg* message = nullptr;
  if (rtnl_neigh_set_dst(neighbour.get(), address.get()) < 0 || builder(neighbour.get(), flags, &message) < 0) {
    throw SystemError(object, attempt, EINVAL);
  }
  return {message, attempt, object};
}

}  // namespace

Message add_neighbour(const Neighbour& neighbour, const std::string& object) {
  return build(rtnl_neigh_build_add_request, NLM_F_CREATE | NLM_F_REPLACE, "add neighbour", neighbour, object);
}

Message delete_neighbour(const Neighbour& neighbour, const std::string& object) {
  return build(rtnl_neigh_build_delete_request, 0, "delete neighbour", neighbour, object);
}

std::vector<Neighbour> list_permanent_neighbours(Socket& socket) {
  Message request(RTM_GETNEIGH, 0, "list neighbours", {});
  ndmsg ask{};
  ask.ndm_family = AF_INET;
  request.put_header(&ask, sizeof(ask));
  std::vector<Neighbour> neighbours;
  socket.dump(
      request,
      [&](std::span<const std::byte> bytes) {
        auto* message = native_header(bytes);
        nlattr* attributes[NDA_MAX + 1];
        if (nlmsg_parse(message, sizeof(ndmsg), attributes, NDA_MAX, nullptr) < 0) {
          throw SystemError({}, "read the kernel's list of neighbours", EBADMSG);
        }
        const auto* header = static_cast<ndmsg*>(nlmsg_data(message));
        const nlattr* mac = attributes[NDA_LLADDR];
        if ((header->ndm_state & NUD_PERMANENT) == 0 || attributes[NDA_DST] == nullptr || mac == nullptr ||
            nla_len(mac) != 6) {
          return;
        }
        Neighbour neighbour{header->ndm_ifindex, ntohl(nla_get_u32(attributes[NDA_DST])), {}};
        std::memcpy(neighbour.mac.data(), nla_data(mac), neighbour.mac.size());
        neighbours.push_back(neighbour);
      },
      [&] { neighbours.clear(); });
  return neighbours;
}

}  // namespace geomx::netlink

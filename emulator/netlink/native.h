#pragma once

#include <netlink/addr.h>
#include <netlink/msg.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

// libnl's types, for this folder's own .cc files.
namespace geomx::netlink {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};

using NativeAddress = std::unique_ptr<nl_addr, Release<nl_addr_put>>;
NativeAddress native_address(std::uint32_t address, int length = 32);  // IPv4, host byte order; null: out of memory

// libnl reads through pointers to non-const.
inline nlmsghdr* native_header(std::span<const std::byte> message) {
  return reinterpret_cast<nlmsghdr*>(const_cast<std::byte*>(message.data()));
}

}  // namespace geomx::netlink

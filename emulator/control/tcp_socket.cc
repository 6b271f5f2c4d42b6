#include "emulator/control/tcp_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <memory>

#include "emulator/base/error.h"

namespace geomx::control {
namespace {

constexpr const char* kForm = "tcp://HOST:PORT, as in tcp://192.0.2.1:7000";

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Addresses resolve(const std::string& address) {
  const std::string scheme = "tcp://";
  const std::size_t colon = address.rfind(':');
  if (!address.starts_with(scheme) || colon == std::string::npos || colon <= scheme.size()) {
    throw InputError("--listen", fmt::format("\"{}\" is no address", address), kForm);
  }
  std::string host = address.substr(scheme.size(), colon - scheme.size());
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found);
  if (error != 0) throw InputError("--listen", fmt::format("\"{}\": {}", address, ::gai_strerror(error)), kForm);
  return {found, ::freeaddrinfo};
}

}  // namespace

FileDescriptor listen_tcp(const std::string& address) {
  const Addresses found = resolve(address);
  FileDescriptor socket(
      check(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, found->ai_protocol), "create socket", address));
  const int yes = 1;
  check(::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), "set option", address);
  check(::bind(socket.get(), found->ai_addr, found->ai_addrlen), "listen", address);
  check(::listen(socket.get(), SOMAXCONN), "listen", address);
  return socket;
}

std::string bound_address(const FileDescriptor& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  check(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), "read the address", "tcp");
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  const int error = ::getnameinfo(reinterpret_cast<sockaddr*>(&address), size, host, sizeof host, port, sizeof port,
                                  NI_NUMERICHOST | NI_NUMERICSERV);
  if (error != 0) throw WorkError("tcp", ::gai_strerror(error));
  const bool ipv6 = address.ss_family == AF_INET6;
  return fmt::format("tcp://{}{}{}:{}", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
}

}  // namespace geomx::control

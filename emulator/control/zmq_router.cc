#include "emulator/control/zmq_router.h"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <deque>

#include "emulator/control/protocol.h"
#include "emulator/control/zmq_common.h"

namespace geomx::control {
namespace {

constexpr int kWaitingRequests = 4;  // of one client, read ahead of their being answered
constexpr int kLinger = 200;         // milliseconds
constexpr int kHandshake = 5000;     // milliseconds that a connection may take to say who it is
constexpr std::size_t kNotices = 100;
constexpr const char* kIpc = "ipc:///handed-over";  // not looked at: the socket is given
constexpr const char* kTcp = "tcp://127.0.0.1:1";   // likewise
constexpr int kRefusals =
    ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

// RFC 27 (ZAP): ZeroMQ's thread asks this socket whether a CURVE client may come in.
constexpr const char* kAuthentication = "inproc://zeromq.zap.01";
enum ZapPart { kVersion, kRequestId, kDomain, kAddress, kIdentity, kMechanism, kCredentials, kZapParts };

}  // namespace

struct Router::Impl {
  void hand_over(const FileDescriptor& listener, const char* formal) {
    const int fd = check(::fcntl(listener.get(), F_DUPFD_CLOEXEC, 3), "duplicate", zeromq::kWhere);
    socket.set(zmq::sockopt::use_fd, fd);  // closed with the socket
    socket.bind(formal);
  }

  void authenticate() {
    for (;;) {
      std::vector<std::string> parts;
      zmq::message_t part;
      do {
        if (!zap.recv(part, zmq::recv_flags::dontwait)) return;
        parts.push_back(part.to_string());
      } while (part.more());
      const bool complete = parts.size() == kZapParts;
      const bool right = complete && parts[kMechanism] == "CURVE" && parts[kCredentials] == client_key;
      const std::array<std::string, 6> answer{
          "1.0", complete ? parts[kRequestId] : "", right ? "200" : "400", right ? "" : "not a key of this lab", "",
          ""};
      for (std::size_t i = 0; i < answer.size(); ++i) {
        const auto more = i + 1 < answer.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
        zap.send(zmq::buffer(answer[i]), more | zmq::send_flags::dontwait);
      }
    }
  }

  void hear_of_connections() {
    while (monitor) {
      const auto event = monitor->next();
      if (!event) return;
      if (!event->endpoint.starts_with("tcp:")) continue;  // a client that was killed at once
      ++refused;
      if (notices.size() < kNotices) {
        notices.push_back("refused a connection to " + event->endpoint + ", which had " +
                          (event->kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ? "another key than this lab's clients"
                                                                          : "no key, or another lab's") +
                          "; " + std::to_string(refused) + " so far");
      }
    }
  }

  zmq::context_t context{1};
  zmq::socket_t zap{context, ZMQ_REP};
  zmq::socket_t socket{context, ZMQ_ROUTER};
  std::optional<zeromq::Monitor> monitor;
  std::string client_key;  // as it is on the wire: 32 bytes
  std::string address;
  std::uint64_t refused = 0;
  std::deque<std::string> notices;
};

Router::Router(const FileDescriptor& listener)
    : impl_(zeromq::guarded("create socket", [] { return std::make_unique<Impl>(); })) {
  zeromq::guarded("listen", [&] {
    zmq::socket_t& socket = impl_->socket;
    socket.set(zmq::sockopt::linger, kLinger);
    impl_->zap.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::router_mandatory, true);
    socket.set(zmq::sockopt::sndhwm, 0);
    socket.set(zmq::sockopt::rcvhwm, kWaitingRequests);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kLargestRequest));
    socket.set(zmq::sockopt::handshake_ivl, kHandshake);
    impl_->hand_over(listener, kIpc);
  });
}

void Router::listen_tcp(const FileDescriptor& listener, const LabKeys& keys) {
  zeromq::guarded("listen on TCP", [&] {
    zmq::socket_t& socket = impl_->socket;
    std::array<std::uint8_t, 32> raw{};
    if (zmq_z85_decode(raw.data(), keys.client.own.public_key.c_str()) == nullptr) throw zmq::error_t();
    impl_->client_key.assign(reinterpret_cast<const char*>(raw.data()), raw.size());
    impl_->zap.bind(kAuthentication);
    impl_->monitor.emplace(impl_->context, socket, kRefusals);
    // Options are taken over by what is bound after they are set: the Unix socket keeps going without.
    socket.set(zmq::sockopt::curve_server, true);
    socket.set(zmq::sockopt::curve_secretkey, keys.server.secret_key);
    zeromq::set_heartbeat(socket);
    impl_->hand_over(listener, kTcp);
    impl_->address = socket.get(zmq::sockopt::last_endpoint);
  });
}

Router::Router(Router&&) noexcept = default;
Router::~Router() = default;

std::optional<Router::Received> Router::receive() {
  return zeromq::guarded("receive", [&]() -> std::optional<Received> {
    impl_->authenticate();
    impl_->hear_of_connections();
    zmq::message_t part;
    if (!impl_->socket.recv(part, zmq::recv_flags::dontwait)) return std::nullopt;
    Received received{part.to_string(), {}, false};
    int parts = 0;
    while (part.more() && impl_->socket.recv(part, zmq::recv_flags::dontwait)) {
      if (++parts == 1) received.message = part.to_string();
    }
    received.whole = parts == 1;
    return received;
  });
}

bool Router::send(const std::string& client, const std::string& message) {
  try {
    impl_->socket.send(zmq::buffer(client), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
    impl_->socket.send(zmq::buffer(message), zmq::send_flags::dontwait);
    return true;
  } catch (const zmq::error_t& error) {
    if (error.num() == EHOSTUNREACH) return false;
    throw SystemError(zeromq::kWhere, "send", error.num());
  }
}

std::vector<int> Router::descriptors() const {
  return zeromq::guarded("ask for descriptors", [&] {
    std::vector<int> fds{impl_->socket.get(zmq::sockopt::fd)};
    if (impl_->monitor) {
      fds.push_back(impl_->zap.get(zmq::sockopt::fd));
      fds.push_back(impl_->monitor->fd());
    }
    return fds;
  });
}

bool Router::ready() {
  return zeromq::guarded("ask for events", [&] { return (impl_->socket.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0; });
}

std::uint64_t Router::refused() const {
  return impl_->refused;
}

std::string Router::tcp_address() const {
  return impl_->address;
}

std::optional<std::string> Router::notice() {
  if (impl_->notices.empty()) return std::nullopt;
  std::string first = std::move(impl_->notices.front());
  impl_->notices.pop_front();
  return first;
}

}  // namespace geomx::control

#include "emulator/control/zmq_dealer.h"

#include <sys/epoll.h>

#include "emulator/control/protocol.h"
#include "emulator/control/zmq_common.h"

namespace geomx::control {
namespace {

constexpr int kConnectionEvents = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                                  ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                  ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
constexpr int kRetryMilliseconds = 50;

}  // namespace

struct Dealer::Impl {
  Impl() {
    // What has not left by the end is of no more interest, and nothing is lost on the way: both ends take their time.
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::sndhwm, 0);
    socket.set(zmq::sockopt::rcvhwm, 0);
    socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kLargestAnswer));
    socket.set(zmq::sockopt::reconnect_ivl, kRetryMilliseconds);
  }
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    check(::epoll_ctl(readable.get(), EPOLL_CTL_ADD, fd, &event), "watch", zeromq::kWhere);
  }

  FileDescriptor folder;
  zmq::context_t context{1};
  zmq::socket_t socket{context, ZMQ_DEALER};
  std::optional<zeromq::Monitor> monitor;
  FileDescriptor readable{check(::epoll_create1(EPOLL_CLOEXEC), "create epoll", zeromq::kWhere)};
  bool known = false;  // the other end has accepted us
  std::optional<std::string> trouble;
};

Dealer::Dealer(FileDescriptor folder, const std::string& name)
    : impl_(zeromq::guarded("create socket", [] { return std::make_unique<Impl>(); })) {
  impl_->folder = std::move(folder);
  zeromq::guarded("connect", [&] {
    // ZeroMQ's thread resolves it too: /proc/self is the process.
    impl_->socket.connect("ipc:///proc/self/fd/" + std::to_string(impl_->folder.get()) + "/" + name);
    impl_->watch(impl_->socket.get(zmq::sockopt::fd));
  });
}

Dealer::Dealer(const std::string& address, const ClientKey& key)
    : impl_(zeromq::guarded("create socket", [] { return std::make_unique<Impl>(); })) {
  zeromq::guarded("set up CURVE", [&] {
    impl_->socket.set(zmq::sockopt::curve_serverkey, key.server);
    impl_->socket.set(zmq::sockopt::curve_publickey, key.own.public_key);
    impl_->socket.set(zmq::sockopt::curve_secretkey, key.own.secret_key);
    zeromq::set_heartbeat(impl_->socket);
    impl_->monitor.emplace(impl_->context, impl_->socket, kConnectionEvents);
    impl_->watch(impl_->monitor->fd());
    impl_->watch(impl_->socket.get(zmq::sockopt::fd));
  });
  try {
    impl_->socket.connect(address);
  } catch (const zmq::error_t& error) {
    throw InputError(address, std::string("cannot be connected to: ") + error.what(), "tcp://HOST:PORT");
  }
}

Dealer::Dealer(Dealer&&) noexcept = default;
Dealer::~Dealer() = default;

void Dealer::send(const std::string& message) {
  zeromq::guarded("send", [&] { impl_->socket.send(zmq::buffer(message), zmq::send_flags::dontwait); });
}

std::optional<std::string> Dealer::receive() {
  return zeromq::guarded("receive", [&]() -> std::optional<std::string> {
    zmq::message_t part;
    if (!impl_->socket.recv(part, zmq::recv_flags::dontwait)) return std::nullopt;
    std::string message = part.to_string();
    while (part.more() && impl_->socket.recv(part, zmq::recv_flags::dontwait)) continue;  // the server sends none
    return message;
  });
}

int Dealer::fd() const {
  return impl_->readable.get();
}

std::optional<std::string> Dealer::trouble() {
  while (impl_->monitor && !impl_->trouble) {
    const auto event = zeromq::guarded("receive", [&] { return impl_->monitor->next(); });
    if (!event) break;
    if (event->kind == ZMQ_EVENT_CONNECTED) continue;
    if (event->kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
      impl_->known = true;
    } else {
      impl_->trouble = impl_->known ? "the lab has ended, or the connection to it is broken"
                                    : "the lab refuses this key, or somebody else answers at this address";
    }
  }
  return impl_->trouble;
}

}  // namespace geomx::control

#include "emulator/control/zmq_common.h"

#include <cstring>

#if defined(__SANITIZE_THREAD__)
// libzmq, and libsodium which decrypts for it, are not instrumented: TSan sees their memory accesses (recv, memmove,
// free, ...) but not the atomics that order them.
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libzmq.so\ncalled_from_lib:libsodium.so\n";
}
#endif

namespace geomx::control::zeromq {
namespace {

constexpr int kHeartbeatMilliseconds = 2000;
constexpr int kSilenceMilliseconds = 8000;

}  // namespace

Monitor::Monitor(zmq::context_t& context, zmq::socket_t& watched, int events)
    : watched_(watched.handle()), socket_(context, ZMQ_PAIR) {
  const char* const address = "inproc://connections";
  // Without a bound, ZeroMQ's own thread never waits for us to read.
  socket_.set(zmq::sockopt::rcvhwm, 0);
  socket_.set(zmq::sockopt::linger, 0);
  if (zmq_socket_monitor(watched_, address, events) != 0) throw zmq::error_t();
  socket_.connect(address);
}

// First of all: ZeroMQ's thread would wait for ever to tell somebody who has gone.
Monitor::~Monitor() {
  zmq_socket_monitor(watched_, nullptr, 0);
}

std::optional<Monitor::Event> Monitor::next() {
  zmq::message_t event;
  zmq::message_t endpoint;
  if (!socket_.recv(event, zmq::recv_flags::dontwait)) return std::nullopt;
  if (!event.more() || !socket_.recv(endpoint, zmq::recv_flags::dontwait)) return std::nullopt;
  Event result{};
  if (event.size() < sizeof result.kind + sizeof result.value) return std::nullopt;
  std::memcpy(&result.kind, event.data(), sizeof result.kind);
  std::memcpy(&result.value, static_cast<const char*>(event.data()) + sizeof result.kind, sizeof result.value);
  result.endpoint = endpoint.to_string();
  return result;
}

int Monitor::fd() {
  return socket_.get(zmq::sockopt::fd);
}

void set_heartbeat(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMilliseconds);
  socket.set(zmq::sockopt::heartbeat_timeout, kSilenceMilliseconds);
}

}  // namespace geomx::control::zeromq

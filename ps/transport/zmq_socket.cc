#include "ps/transport/zmq_socket.h"

#include <cerrno>

#include "ps/config/error.h"

namespace geomx::ps::zeromq {
namespace {

void must(int result, const std::string& attempt) {
  if (result != 0) throw Error("cannot " + attempt + ": " + zmq_strerror(zmq_errno()));
}

}  // namespace

Context::Context() : context_(zmq_ctx_new()) {
  if (context_ == nullptr) throw Error(std::string("cannot start ZeroMQ: ") + zmq_strerror(zmq_errno()));
}

Context::~Context() {
  while (zmq_ctx_term(context_) != 0 && zmq_errno() == EINTR) continue;
}

Socket::Socket(const Context& context, int type) : socket_(zmq_socket(context.get(), type)) {
  if (socket_ == nullptr) throw Error(std::string("cannot create a ZeroMQ socket: ") + zmq_strerror(zmq_errno()));
}

Socket::~Socket() {
  if (socket_ != nullptr) zmq_close(socket_);
}

void Socket::set(int option, int value, const char* name) {
  must(zmq_setsockopt(socket_, option, &value, sizeof value), std::string("set ") + name);
}

void Socket::set(int option, std::int64_t value, const char* name) {
  must(zmq_setsockopt(socket_, option, &value, sizeof value), std::string("set ") + name);
}

void Socket::set(int option, const std::string& value, const char* name) {
  must(zmq_setsockopt(socket_, option, value.data(), value.size()), std::string("set ") + name);
}

bool Socket::bind(const std::string& endpoint) {
  return zmq_bind(socket_, endpoint.c_str()) == 0;
}
bool Socket::connect(const std::string& endpoint) {
  return zmq_connect(socket_, endpoint.c_str()) == 0;
}

std::string Socket::last_endpoint() const {
  char endpoint[256] = {};
  std::size_t size = sizeof endpoint;
  must(zmq_getsockopt(socket_, ZMQ_LAST_ENDPOINT, endpoint, &size), "read ZMQ_LAST_ENDPOINT");
  return endpoint;
}

int Socket::descriptor() const {
  int fd = -1;
  std::size_t size = sizeof fd;
  must(zmq_getsockopt(socket_, ZMQ_FD, &fd, &size), "read ZMQ_FD");
  return fd;
}

bool Socket::readable() const {
  int events = 0;
  std::size_t size = sizeof events;
  return zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

bool Socket::receive(Part& part) {
  for (;;) {
    if (zmq_msg_recv(part.get(), socket_, ZMQ_DONTWAIT) >= 0) return true;
    if (zmq_errno() != EINTR) return false;
  }
}

bool Socket::send(Part& part, bool more) {
  for (;;) {
    if (zmq_msg_send(part.get(), socket_, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0) return true;
    if (zmq_errno() != EINTR) return false;
  }
}

}  // namespace geomx::ps::zeromq

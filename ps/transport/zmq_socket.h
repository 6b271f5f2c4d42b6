#pragma once

#include <zmq.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

// Move-only owners of ZeroMQ's objects. Included by zmq_*.cc only.
namespace geomx::ps::zeromq {

class Context {
 public:
  Context();
  ~Context();  // waits until every closed socket has sent what it had, or its linger is over
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void* get() const { return context_; }

 private:
  void* context_;
};

// One part of a message, received or to be sent.
class Part {
 public:
  Part() { zmq_msg_init(&part_); }
  ~Part() { zmq_msg_close(&part_); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  zmq_msg_t* get() { return &part_; }
  const void* data() { return zmq_msg_data(&part_); }
  std::size_t size() const { return zmq_msg_size(&part_); }
  bool more() const { return zmq_msg_more(&part_) != 0; }
  // Of who sent it: an IP address.
  std::string peer_address() {
    const char* address = zmq_msg_gets(&part_, "Peer-Address");
    return address == nullptr ? "nobody known" : address;
  }
  std::string text() { return {static_cast<const char*>(data()), size()}; }

 private:
  zmq_msg_t part_;
};

// A socket, for one thread at a time. Errors: Error saying what was attempted.
class Socket {
 public:
  Socket(const Context& context, int type);
  ~Socket();
  Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
  Socket& operator=(Socket&&) = delete;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void* get() const { return socket_; }
  void set(int option, int value, const char* name);
  void set(int option, std::int64_t value, const char* name);
  void set(int option, const std::string& value, const char* name);
  void linger(int milliseconds) { set(ZMQ_LINGER, milliseconds, "ZMQ_LINGER"); }
  bool bind(const std::string& endpoint);  // false: see zmq_errno()
  bool connect(const std::string& endpoint);
  std::string last_endpoint() const;
  int descriptor() const;  // becomes readable when something has changed; then ask readable()
  bool readable() const;
  bool receive(Part& part);  // false: nothing is there
  // False where the peer is not connected (ROUTER, with ZMQ_ROUTER_MANDATORY) or the context is terminating; the part
  // is then still the caller's.
  bool send(Part& part, bool more);

 private:
  void* socket_;
};

}  // namespace geomx::ps::zeromq

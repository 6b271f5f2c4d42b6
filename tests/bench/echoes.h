#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "ps/transport/message.h"

// What the parameter server's round trip is measured against: the same bytes there and back with nothing done to them.
// Threads that an echo starts are pinned to the core that it is given; a caller pins itself.
namespace geomx::bench {

void pin_to_core(int core);  // -1: to none. The calling thread, and those that it starts from now on

class TcpSocket {
 public:
  explicit TcpSocket(int fd);
  ~TcpSocket();
  TcpSocket(const TcpSocket&) = delete;
  TcpSocket& operator=(const TcpSocket&) = delete;
  int fd() const { return fd_; }
  void without_delay() const;
  int listen_on_loopback() const;  // returns the port

 private:
  int fd_;
};

// A raw TCP echo that streams: it answers while it still receives, and touches nothing.
class TcpEcho {
 public:
  explicit TcpEcho(int core);
  ~TcpEcho();
  TcpEcho(const TcpEcho&) = delete;
  TcpEcho& operator=(const TcpEcho&) = delete;

  void round_trip(const std::vector<float>& out, std::vector<float>& in) const;

 private:
  void answer() const;

  TcpSocket listener_;
  TcpSocket client_;
  std::thread server_;
};

// Bare ZeroMQ, DEALER to ROUTER and back, one thread on either side and ZeroMQ's own.
class ZmqEcho {
 public:
  explicit ZmqEcho(int core);
  ~ZmqEcho();
  ZmqEcho(const ZmqEcho&) = delete;
  ZmqEcho& operator=(const ZmqEcho&) = delete;

  void round_trip(const std::string& header, const std::vector<float>& out, std::vector<float>& in) const;

 private:
  void answer() const;

  void* server_context_;
  void* client_context_;
  void* listener_;
  void* client_;
  std::thread server_;
};

}  // namespace geomx::bench

#pragma once

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ps/config/security.h"
#include "ps/transport/rejections.h"
#include "ps/transport/zmq_socket.h"

namespace geomx::ps::zeromq {

// Decides who may connect to a listener that is secured, as ZeroMQ's authentication protocol asks it to
// (ZAP, rfc.zeromq.org/spec/27), and notes those whom it or ZeroMQ itself turned away, on a listener without security,
// too: strangers that speak another protocol or another mechanism.
//
// Threading: one thread, which ends when the context does; the destructor joins it.
class Gatekeeper {
 public:
  // The context is terminated before this is destroyed; `rejections` outlives it.
  Gatekeeper(const Context& context, const Security& security, Rejections& rejections);
  ~Gatekeeper();
  Gatekeeper(const Gatekeeper&) = delete;
  Gatekeeper& operator=(const Gatekeeper&) = delete;

  static void watch(Socket& listener);  // before it binds

 private:
  void work(Socket requests, Socket events);
  void judge(Socket& requests);
  void note(Socket& events);

  const std::set<std::string> admitted_;
  Rejections& rejections_;
  std::thread thread_;
};

// Makes a socket that listens or connects a secured one.
void secure_listener(Socket& socket, const Security& security);
void secure_connection(Socket& socket, const Security& security);
// Throws Error where the keys are no pair, or where this ZeroMQ cannot secure anything.
void require_usable(const Security& security);

}  // namespace geomx::ps::zeromq

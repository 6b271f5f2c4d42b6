#pragma once

#include <chrono>
#include <memory>

#include "ps/config/log.h"
#include "ps/config/security.h"
#include "ps/transport/transport.h"

namespace geomx::ps {

// The transport of real deployments: ZeroMQ over TCP. A message is a multipart message, first the header, then one
// frame per tensor slice; frames are sent from and received into memory that is not copied.
//
// A node listens on one ROUTER socket and has one DEALER socket per peer that it connects to; an answer goes back by
// the connection that the question came by, so only schedulers and servers need to be reachable.
//
// Frames of 256 to 512 KiB go fastest: they overlap on the road and stay in a core's cache, and memory for much larger
// ones comes fresh from the kernel each time, page fault by page fault.
//
// Threading: one I/O thread of ZeroMQ per transport. A ZeroMQ socket is for one thread at a time, so each has a mutex,
// held only while a message is handed over; a sending thread therefore reaches the I/O thread without a hop.
struct ZmqOptions {
  std::chrono::milliseconds linger{5000};  // how long stop() may take to hand queued messages to the kernel
  Security security{};                     // of every connection, either way
  Log log{};                               // hears of what is rejected
};
// Throws Error where the security cannot be had.
std::unique_ptr<Transport> make_zmq_transport(ZmqOptions options = {});

}  // namespace geomx::ps

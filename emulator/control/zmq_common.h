#pragma once

#include <zmq.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "emulator/base/error.h"

// What both ends have in common. Included by zmq_*.cc only.
namespace geomx::control::zeromq {

inline constexpr const char* kWhere = "control socket";

// Runs `work`; what ZeroMQ throws becomes a SystemError.
template <typename Work>
auto guarded(const char* attempt, Work work) {
  try {
    return work();
  } catch (const zmq::error_t& error) {
    throw SystemError(kWhere, attempt, error.num());
  }
}

// What happens to a socket's connections, as ZeroMQ's thread tells it. To be destroyed before that socket is.
class Monitor {
 public:
  Monitor(zmq::context_t& context, zmq::socket_t& watched, int events);
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  ~Monitor();
  struct Event {
    std::uint16_t kind;
    std::uint32_t value;
    std::string endpoint;  // ours
  };
  std::optional<Event> next();
  int fd();

 private:
  void* watched_;
  zmq::socket_t socket_;
};

// Dead peers at the other end of a network are noticed within seconds.
void set_heartbeat(zmq::socket_t& socket);

}  // namespace geomx::control::zeromq

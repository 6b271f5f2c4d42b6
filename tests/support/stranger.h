#pragma once

#include <zmq.h>

#include <string>
#include <vector>

#include "ps/config/security.h"
#include "ps/transport/keys.h"
#include "ps/transport/transport.h"

namespace geomx::ps::testing {

// Of a node; those who listen have `servers`.
inline Security security_of(const KeyPair& own, const KeyPair& servers, std::vector<std::string> admitted = {}) {
  return {true, own.public_key, own.secret_key, servers.public_key, std::move(admitted)};
}

// A bare ZeroMQ socket that says anything at all.
class Stranger {
 public:
  explicit Stranger(const Endpoint& endpoint, const Security& security = {}) {
    if (security.curve) {
      zmq_setsockopt(socket_, ZMQ_CURVE_SERVERKEY, security.server_key.data(), security.server_key.size());
      zmq_setsockopt(socket_, ZMQ_CURVE_PUBLICKEY, security.public_key.data(), security.public_key.size());
      zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, security.secret_key.data(), security.secret_key.size());
    }
    const int at_once = 0;
    zmq_setsockopt(socket_, ZMQ_LINGER, &at_once, sizeof at_once);
    connected_ = zmq_connect(socket_, ("tcp://" + to_string(endpoint)).c_str()) == 0;
  }
  ~Stranger() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  bool say(const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const int more = i + 1 < frames.size() ? ZMQ_SNDMORE : 0;
      if (zmq_send(socket_, frames[i].data(), frames[i].size(), more) < 0) return false;
    }
    return connected_;
  }
  // The first frame of the next message; empty where there is none for so many milliseconds.
  std::string hear(int timeout) {
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
    std::string frame(4096, '\0');
    const int size = zmq_recv(socket_, frame.data(), frame.size(), 0);
    frame.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return frame;
  }

 private:
  void* context_ = zmq_ctx_new();
  void* socket_ = zmq_socket(context_, ZMQ_DEALER);
  bool connected_ = false;
};

}  // namespace geomx::ps::testing

#pragma once

#include <chrono>

#include "ps/config/security.h"
#include "ps/config/variables.h"

namespace geomx::ps {

// How a node's messages travel, in all of its planes.
struct TransportConfig {
  Security security{};
  std::chrono::milliseconds resend_timeout{0};  // PS_RESEND, PS_RESEND_TIMEOUT; 0: what is lost stays lost
  std::chrono::milliseconds silence{15'000};    // PS_HEARTBEAT_TIMEOUT: so long unheard, a peer is told of; 0: never
  double drop = 0;                              // PS_DROP_MSG, for tests: the share of messages that are lost
};

// `listens`: see read_security(). Throws Error.
TransportConfig read_transport(const Variables& variables, bool listens);

}  // namespace geomx::ps

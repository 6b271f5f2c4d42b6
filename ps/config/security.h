#pragma once

#include <string>
#include <vector>

#include "ps/config/variables.h"

namespace geomx::ps {

// Whether connections are encrypted and authenticated, by ZeroMQ's CURVE (http://curvezmq.org), and with which keys. A
// key is 40 characters of Z85 (rfc.zeromq.org/spec/32). All who listen in a run, schedulers and servers, have one pair
// in common; whoever else takes part has a pair of its own, which those who listen must know.
struct Security {
  bool curve = false;
  std::string public_key;             // this node's own pair
  std::string secret_key;             // never in a message to people
  std::string server_key;             // public, of those who listen: what connects to another one is refused
  std::vector<std::string> admitted;  // public keys of who may connect here, beside server_key
};

// GEOMX_SECURITY (none or curve), GEOMX_CURVE_PUBLIC_KEY, GEOMX_CURVE_SECRET_KEY, GEOMX_CURVE_SERVER_KEY (left out,
// this node's own public key) and GEOMX_CURVE_ADMITTED_KEYS (separated by commas; left out, nobody else). `listens`:
// this node does, so its own pair has to be that of all who do. Throws Error, which names the variable and never a
// secret.
Security read_security(const Variables& variables, bool listens);

}  // namespace geomx::ps

#include <zmq.h>

#include "emulator/base/error.h"
#include "emulator/control/keys.h"

namespace geomx::control {
namespace {

constexpr std::size_t kText = 41;  // 40 letters of Z85 and a zero

}  // namespace

KeyPair make_key_pair() {
  char public_key[kText];
  char secret_key[kText];
  if (zmq_curve_keypair(public_key, secret_key) != 0) {
    throw WorkError("keys", "ZeroMQ cannot make CURVE keys on this machine", "it has to be built with libsodium");
  }
  return {public_key, secret_key};
}

LabKeys make_keys() {
  LabKeys keys;
  keys.server = make_key_pair();
  keys.client.server = keys.server.public_key;
  keys.client.own = make_key_pair();
  return keys;
}

}  // namespace geomx::control

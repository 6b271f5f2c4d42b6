#include <zmq.h>

#include "ps/config/error.h"
#include "ps/transport/keys.h"

namespace geomx::ps {

KeyPair make_key_pair() {
  constexpr std::size_t kText = 41;  // 40 characters and a zero
  char public_key[kText] = {};
  char secret_key[kText] = {};
  if (zmq_curve_keypair(public_key, secret_key) != 0) {
    throw Error("cannot make keys: this ZeroMQ was built without CURVE (libsodium)");
  }
  return {public_key, secret_key};
}

}  // namespace geomx::ps

#pragma once

#include <string>

namespace geomx::ps {

// Keys of ZeroMQ's CURVE, in Z85 (config/security.h).
struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

// A new one. Throws Error where this ZeroMQ was built without CURVE.
KeyPair make_key_pair();

}  // namespace geomx::ps

#pragma once

#include <string>

// The CURVE keys (http://curvezmq.org) of a lab that is reached over TCP: a pair of its own, and one for its clients,
// made anew for every lab. All in Z85, 40 letters. Those of a training job are made here as well.
namespace geomx::control {

struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

// What a client needs: whom it expects, and by what it is known. Whoever has it has the lab.
struct ClientKey {
  std::string server;  // the lab's public key
  KeyPair own;
};

struct LabKeys {
  KeyPair server;
  ClientKey client;
};

// Throw WorkError where ZeroMQ has been built without CURVE.
KeyPair make_key_pair();
LabKeys make_keys();

// 32 bytes that nobody can guess, as 64 hexadecimal digits: a key for what is no CURVE connection. Throws SystemError.
std::string make_secret();

inline constexpr const char* kKeyName = "client.key";  // in the lab's folder

// The key file, mode 0600, in place of one that is there. Throws SystemError.
void write_key(const std::string& path, const ClientKey& key);

// Throws InputError where the file cannot be read, others than its owner may read it, or it is no key.
ClientKey read_key(const std::string& path);

}  // namespace geomx::control

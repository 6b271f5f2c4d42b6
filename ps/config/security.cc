#include "ps/config/security.h"

#include <algorithm>
#include <cctype>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

constexpr const char* kSecurity = "GEOMX_SECURITY";
constexpr const char* kPublicKey = "GEOMX_CURVE_PUBLIC_KEY";
constexpr const char* kSecretKey = "GEOMX_CURVE_SECRET_KEY";
constexpr const char* kServerKey = "GEOMX_CURVE_SERVER_KEY";
constexpr const char* kAdmittedKeys = "GEOMX_CURVE_ADMITTED_KEYS";
constexpr std::size_t kKeyLength = 40;

bool is_key(const std::string& text) {
  const std::string signs = ".-:+=^!/*?&<>()[]{}@%$#";
  return text.size() == kKeyLength && std::all_of(text.begin(), text.end(), [&](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || signs.find(c) != std::string::npos;
         });
}

std::string wanted_key() {
  return "a key of " + std::to_string(kKeyLength) + " characters (Z85)";
}

std::string key_of(const Variables& variables, const char* name) {
  const auto key = variables.text(name);
  if (!key) variables.missing(name, wanted_key());
  if (!is_key(*key)) {
    // What was meant to be a key may be a secret.
    variables.wrong(name, "(" + std::to_string(key->size()) + " characters)", wanted_key());
  }
  return *key;
}

}  // namespace

Security read_security(const Variables& variables, bool listens) {
  Security security;
  security.curve = variables.choice(kSecurity, {"none", "curve"}) == "curve";
  if (!security.curve) {
    for (const char* name : {kPublicKey, kSecretKey, kServerKey, kAdmittedKeys}) {
      if (variables.is_set(name)) {
        throw Error(std::string(name) + " is set, but " + kSecurity +
                    " is not curve: connections would be open to all");
      }
    }
    return security;
  }
  security.public_key = key_of(variables, kPublicKey);
  security.secret_key = key_of(variables, kSecretKey);
  security.server_key = variables.is_set(kServerKey) ? key_of(variables, kServerKey) : security.public_key;
  if (listens && security.server_key != security.public_key) {
    variables.wrong(kServerKey, security.server_key,
                    std::string("this node's own ") + kPublicKey +
                        ", since it listens, and all who do have one pair of keys in common,");
  }
  std::string rest = variables.text(kAdmittedKeys).value_or("");
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string key = rest.substr(0, comma);
    if (!is_key(key))
      variables.wrong(kAdmittedKeys, "..." + key + "...", "a list of " + wanted_key() + ", with commas,");
    security.admitted.push_back(key);
    rest.erase(0, comma + 1);
  }
  return security;
}

}  // namespace geomx::ps

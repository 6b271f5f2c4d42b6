#include "emulator/control/keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

namespace geomx::control {
namespace {

constexpr std::size_t kLetters = 40;
constexpr const char* kRemedy = "it is the file client.key in the lab's folder, which 'up --listen' names";

std::string member(const nlohmann::json& json, const char* name, const std::string& path) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string() || found->get_ref<const std::string&>().size() != kLetters) {
    throw InputError(path, std::string("is no key of a lab: \"") + name + "\" is missing or of another length",
                     kRemedy);
  }
  return *found;
}

}  // namespace

std::string make_secret() {
  std::array<unsigned char, 32> bytes{};
  if (::getentropy(bytes.data(), bytes.size()) != 0) throw SystemError("keys", "read random bytes", errno);
  std::string digits;
  for (const unsigned char byte : bytes) digits += fmt::format("{:02x}", byte);
  return digits;
}

void write_key(const std::string& path, const ClientKey& key) {
  const nlohmann::ordered_json json{
      {"server", key.server}, {"public", key.own.public_key}, {"secret", key.own.secret_key}};
  const std::string text = json.dump(2) + "\n";
  ::unlink(path.c_str());
  const FileDescriptor file(check(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), "create", path));
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw SystemError(path, "write", errno);
  }
}

ClientKey read_key(const std::string& path) {
  std::ifstream file(path);
  struct stat status {};
  if (!file || ::stat(path.c_str(), &status) != 0) throw InputError(path, "cannot be read", kRemedy);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw InputError(path, "others may use this key as well", "chmod 600 " + path);
  }
  const nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object()) throw InputError(path, "is no key of a lab", kRemedy);
  return {member(json, "server", path), {member(json, "public", path), member(json, "secret", path)}};
}

}  // namespace geomx::control

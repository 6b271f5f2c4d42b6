#include "emulator/sandbox/oci_image.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "emulator/base/error.h"
#include "emulator/sandbox/child_process.h"
#include "emulator/sandbox/pidfd.h"

namespace geomx::sandbox {
namespace {

constexpr std::chrono::seconds kPatience{30};  // podman reads its store's indices
constexpr const char* kInstall = "apt-get install podman, or give a folder (podman export) in place of the image";

std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  return variables;
}

// What it prints; the last line of what it complains about is thrown.
std::string ask_podman(const std::string& image) {
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  ChildProcess podman = spawn({.node = image,
                               .argv = {"podman", "image", "inspect", image},
                               .environment = own_environment(),
                               .directory = "/",
                               .stdout_fd = out.write.get(),
                               .stderr_fd = err.write.get()});
  out.write.reset();
  err.write.reset();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::array<std::string, 2> texts;
  std::array<pollfd, 2> entries{{{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}}};
  while (entries[0].fd >= 0 || entries[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) throw WorkError(image, "podman does not answer");
    if (::poll(entries.data(), entries.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) {
      throw SystemError(image, "wait for podman", errno);
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t size = ::read(entries[i].fd, buffer.data(), buffer.size());
      if (size > 0) texts[i].append(buffer.data(), static_cast<std::size_t>(size));
      if (size == 0) entries[i].fd = -1;
    }
  }
  const auto status = podman.wait(kPatience);
  if (!status || status->shell_code() != 0) {
    throw WorkError(image, "podman has no such image: " + texts[1].substr(0, texts[1].find('\n')),
                    "podman pull " + image + ", as the user who starts the lab");
  }
  return texts[0];
}

}  // namespace

bool have_podman() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + "/podman").c_str(), X_OK) == 0) return true;
  }
  return false;
}

OciImage find_image(const std::string& name) {
  if (!have_podman()) throw WorkError(name, "an OCI image needs podman, which is not on the PATH", kInstall);
  const nlohmann::json answer = nlohmann::json::parse(ask_podman(name), nullptr, false);
  const nlohmann::json found = answer.is_array() && !answer.empty() ? answer[0] : nlohmann::json::object();
  const nlohmann::json driver = found.value("GraphDriver", nlohmann::json::object());
  if (driver.value("Name", "") != "overlay") {
    throw WorkError(name, fmt::format("podman keeps its images by \"{}\", not by overlay", driver.value("Name", "")),
                    kInstall);
  }
  OciImage image;
  const nlohmann::json places = driver.value("Data", nlohmann::json::object());
  std::istringstream lists(places.value("UpperDir", "") + ":" + places.value("LowerDir", ""));
  for (std::string layer; std::getline(lists, layer, ':');) {
    if (!layer.empty()) image.layers.push_back(layer);
  }
  if (image.layers.empty()) throw WorkError(name, "podman does not say of which layers it is made");
  const nlohmann::json config = found.value("Config", nlohmann::json::object());
  if (config.contains("Env") && config["Env"].is_array()) image.environment = config["Env"];
  image.directory = config.value("WorkingDir", "");
  return image;
}

}  // namespace geomx::sandbox

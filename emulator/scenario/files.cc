#include "emulator/scenario/files.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "emulator/base/error.h"

namespace geomx::scenario {
namespace {

constexpr std::size_t kLargestFile = std::size_t{64} << 20;  // bytes; a scenario of 1000 nodes has 0.1 MB

}  // namespace

std::string read_text_file(const std::string& path, const std::string& what) {
  const auto fail = [&](const char* why) { throw InputError(path, fmt::format("cannot read {}: {}", what, why)); };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(std::strerror(errno));
  std::string text;
  std::array<char, 65536> chunk{};
  do {
    file.read(chunk.data(), chunk.size());
    text.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > kLargestFile) fail("it is larger than 64 MiB");
  } while (file);
  if (file.bad()) fail(std::strerror(errno));
  return text;
}

}  // namespace geomx::scenario

#include "ps/worker/placeholder.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

constexpr std::size_t kPiece = 64 * 1024;    // bytes; a multiple of every page size
constexpr std::size_t kMostMappings = 1024;  // the kernel allows 65530 to a process
constexpr float kLargest = 1e-3F;

[[noreturn]] void fail(const char* what) {
  throw Error(std::string("a filler for tensors without values: ") + what + ": " + std::strerror(errno));
}

// Closes on scope exit; the mappings stay.
struct MemoryFile {
  MemoryFile() : fd(::memfd_create("filler", MFD_CLOEXEC)) {
    if (fd < 0) fail("memfd_create");
  }
  ~MemoryFile() { ::close(fd); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  const int fd;
};

struct Mapping {
  explicit Mapping(std::size_t the_size)
      : size(the_size), data(::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    if (data == MAP_FAILED) fail("mmap");
  }
  ~Mapping() { ::munmap(data, size); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  const std::size_t size;
  void* const data;
};

// Weyl's sequence: no two near each other are alike.
std::vector<float> pattern(std::size_t floats) {
  constexpr std::uint32_t kStep = 0x9e3779b9;
  std::vector<float> values(floats);
  std::uint32_t state = 0;
  for (float& value : values) {
    state += kStep;
    value = kLargest * (static_cast<float>(state >> 8 | 1) * 0x1p-23F - 1);
  }
  return values;
}

}  // namespace

Buffer make_filler(std::uint64_t floats) {
  const std::size_t bytes = std::max<std::size_t>(floats, 1) * sizeof(float);
  const std::size_t piece = std::max(kPiece, std::bit_ceil((bytes + kMostMappings - 1) / kMostMappings));
  const std::size_t pieces = (bytes + piece - 1) / piece;
  const MemoryFile file;
  if (::ftruncate(file.fd, static_cast<off_t>(piece)) < 0) fail("ftruncate");
  const std::vector<float> values = pattern(kPiece / sizeof(float));
  for (std::size_t at = 0; at < piece; at += kPiece) {
    if (::pwrite(file.fd, values.data(), kPiece, static_cast<off_t>(at)) != static_cast<ssize_t>(kPiece)) fail("write");
  }
  auto mapping = std::make_shared<const Mapping>(pieces * piece);
  auto* const begin = static_cast<std::byte*>(mapping->data);
  for (std::size_t i = 0; i < pieces; ++i) {
    if (::mmap(begin + i * piece, piece, PROT_READ, MAP_SHARED | MAP_FIXED, file.fd, 0) == MAP_FAILED) fail("mmap");
  }
  return {std::move(mapping), begin, bytes};
}

}  // namespace geomx::ps

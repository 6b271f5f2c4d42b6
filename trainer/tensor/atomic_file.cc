#include "trainer/tensor/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr std::size_t kAtOnce = std::size_t{64} << 20;  // bytes of one write() or read(), which Linux ends at 2 GiB

std::filesystem::path beside(std::filesystem::path file) {
  return file += ".part";
}

// The rename itself is durable once the folder is. Some file systems know no fsync of folders: then the file is as
// durable as they make it.
void sync_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path file) : file_(std::move(file)), part_(beside(file_)) {
  fd_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) failed(errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(part_.c_str());
}

void AtomicFile::failed(int error) const {
  throw Error(file_.string() + " cannot be written: " + std::strerror(error));
}

void AtomicFile::write(const void* bytes, std::size_t size) {
  const char* next = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t written = ::write(fd_, next, std::min(size, kAtOnce));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) failed(errno);
    next += written;
    size -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (::fsync(fd_) != 0) failed(errno);
  if (::rename(part_.c_str(), file_.c_str()) != 0) failed(errno);
  ::close(std::exchange(fd_, -1));
  sync_folder(file_);
}

std::string read_whole_file(const std::filesystem::path& file) {
  const auto failed = [&] { throw Error(file.string() + " cannot be read: " + std::strerror(errno)); };
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) failed();
  struct Closed {
    int fd;
    ~Closed() { ::close(fd); }
  } const closed{fd};
  struct stat status {};
  if (::fstat(fd, &status) != 0) failed();
  if (!S_ISREG(status.st_mode)) throw Error(file.string() + " cannot be read: it is no file");
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t count = ::read(fd, bytes.data() + have, std::min(bytes.size() - have, kAtOnce));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) failed();
    if (count == 0) break;  // it has become shorter meanwhile
    have += static_cast<std::size_t>(count);
  }
  bytes.resize(have);
  return bytes;
}

}  // namespace geomx::trainer

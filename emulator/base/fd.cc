#include "emulator/base/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include "emulator/base/error.h"

namespace geomx {

void FileDescriptor::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

FileDescriptor FileDescriptor::duplicate() const {
  return FileDescriptor(check(::fcntl(fd_, F_DUPFD_CLOEXEC, 0), "duplicate file descriptor"));
}

Pipe make_pipe() {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "create pipe");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace geomx

#include "emulator/base/phase.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "emulator/base/fd.h"

namespace geomx {

void phase(const char* name) noexcept {
  const char* const path = std::getenv("GEOMX_EMU_PHASES");
  if (path == nullptr) return;
  const FileDescriptor file(::open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!file) return;
  const std::string_view text(name);
  if (::write(file.get(), text.data(), text.size()) < 0 || ::write(file.get(), "\n", 1) < 0) return;
  const char* const stop = std::getenv("GEOMX_EMU_STOP_AT");
  if (stop == nullptr || text != stop) return;
  while (::flock(file.get(), LOCK_EX) < 0 && errno == EINTR) continue;
}

}  // namespace geomx

#pragma once

#include <sys/types.h>

#include <string>

#include "emulator/base/fd.h"

// A lab's control socket: a file in the lab's folder, and the lab's init behind it. All throw SystemError.
namespace geomx::control {

inline constexpr const char* kSocketName = "control.sock";

// Makes the file, in place of one that is there. Nobody can connect before somebody listens.
FileDescriptor bind_socket(const std::string& folder);

// ECONNREFUSED where nobody listens: the lab is starting, or has ended.
FileDescriptor connect_socket(const std::string& folder);

// The lab's init at the other end, as this process sees it: 0 where it is not in this pid namespace, and 1 inside the
// lab.
pid_t init_of(int connection);

// That init by a descriptor, which is certain to mean it whatever has become of its number. None where this process
// could not end it anyway (see init_of), or where the lab has ended.
FileDescriptor open_init(int connection);

}  // namespace geomx::control

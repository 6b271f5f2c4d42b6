#pragma once

#include <sys/types.h>

#include <string>

#include "emulator/base/fd.h"

// A lab's Unix sockets: files in the lab's folder, which is its user's alone. All throw SystemError.
namespace geomx::control {

inline constexpr const char* kRequestSocket = "control.sock";         // ZeroMQ's
inline constexpr const char* kDescriptorSocket = "descriptors.sock";  // control.proto says what goes by which road

// Makes the file, in place of one that is there. Nobody can connect before somebody listens.
FileDescriptor bind_socket(const std::string& folder, const char* name);

// To the descriptor socket, which the lab's init listens on. ECONNREFUSED where nobody does: the lab is starting, or
// has ended. The connection breaks when the lab process ends.
FileDescriptor connect_socket(const std::string& folder);

// For those who find a socket by way of its folder, whatever the folder's path.
FileDescriptor open_folder(const std::string& folder);

// The lab's init at the other end, as this process sees it: 0 where it is not in this pid namespace, and 1 inside the
// lab.
pid_t init_of(int connection);

// That init by a descriptor, which is certain to mean it whatever has become of its number. None where this process
// could not end it anyway (see init_of), or where the lab has ended.
FileDescriptor open_init(int connection);

}  // namespace geomx::control

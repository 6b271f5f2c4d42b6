#pragma once

#include <sys/types.h>

#include "emulator/base/fd.h"
#include "emulator/base/units.h"

// Processes by descriptor: unlike a pid, it never comes to mean another process.

namespace geomx::sandbox {

FileDescriptor open_pidfd(pid_t pid);        // throws SystemError
bool signal_process(int pidfd, int signal);  // false where the process has ended; throws SystemError

// Waits until `fd` is readable (a pidfd: until its process has ended); false where `timeout` passes first. Signals do
// not cut it short.
bool wait_readable(int fd, Nanoseconds timeout);
bool wait_readable(int fd, int other, Nanoseconds timeout);  // either; a negative one is not looked at

// SIGKILL to the process of `pidfd`, and waits for its end; reaps it where it is the caller's child. Nothing where it
// has ended. Throws WorkError where it has not ended within `timeout`.
void kill_and_wait(int pidfd, Nanoseconds timeout);

}  // namespace geomx::sandbox

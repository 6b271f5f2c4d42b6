#pragma once

#include "emulator/base/units.h"
#include "emulator/sandbox/namespace.h"

// The processes of one node, whoever started them: those whose network namespace is the node's.
namespace geomx::sandbox {

// Sends `signal` to each of them, and to those that they start meanwhile; after SIGKILL waits until none is left. The
// calling process is never among them. Needs the /proc of a pid namespace that has them all. Throws WorkError where
// there still are such that have not had it after `timeout`, SystemError where one may not be signalled.
void signal_processes(const Namespace& network, int signal, Nanoseconds timeout);

}  // namespace geomx::sandbox

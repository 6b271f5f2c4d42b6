#pragma once

#include <string>

#include "emulator/lab/lab.h"
#include "emulator/lab/plan.h"

// That no device of the machine's is lost, however its lab ends. Before one is moved, the lab's folder gets
//
//   devices-MARK.json   what the devices were like: name, index, MAC, MTU, queue, bridge, up or down, addresses, routes
//   network-MARK-home   the network namespace that they come from, pinned (sandbox/pinned.h)
//   network-MARK-N      that of the N-th node with a device, likewise
//
// A pinned namespace outlives all processes, and the device in it; so whoever finds the folder, from whatever network
// namespace, can put each device back.
namespace geomx::lab {

// Makes all that, and with it the nodes' networks. The devices are still where they were, in the calling thread's
// network namespace. `mark`: 16 hexadecimal digits. Throws SystemError naming what is missing.
void guard_devices(const Plan& plan, const std::string& folder, const std::string& mark);

// The nodes' networks so made, for the lab, from whose own mounts they vanish thereby: the lab's programs find no way
// out there. REQUIRES: the caller has mounts of its own.
void open_guarded(const Plan& plan, const std::string& folder, const std::string& mark, Outside& outside);

// Puts devices of the lab with that mark, which has ended, back to where they were and as they were, and removes what
// guarded them. Nothing where there is nothing. Several may try at once. False where another one is still at it after
// `timeout`. Throws WorkError where the folder is not seen as the lab's starter saw it, SystemError where the kernel
// refuses; the device is then still guarded.
bool return_devices(const std::string& folder, const std::string& mark, Nanoseconds timeout);

}  // namespace geomx::lab

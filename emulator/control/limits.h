#pragma once

#include <cstdint>

#include "emulator/base/error.h"
#include "emulator/lab/plan.h"

// What a lab of that size takes of what the machine limits, and which limit has stopped one.
namespace geomx::control {

// Descriptors that the lab process holds once the lab is up; those of clients and processes are included by a margin.
std::uint64_t descriptors_needed(const lab::Plan& plan);

// Raises this process's limit of open files to what the lab needs, at least to what it is allowed anyway. Returns what
// the soft limit was: the nodes' programs get it, for some use select(). Throws WorkError, with the command that raises
// the limit, where it is too low for that lab.
std::uint64_t lift_descriptor_limit(const lab::Plan& plan);

// What the kernel refused while the lab was made, with the limit behind it and the command that raises that. Errors of
// other kinds, and such as have a hint already, come back as they are.
SystemError naming_limit(const SystemError& error, const lab::Plan& plan);

}  // namespace geomx::control

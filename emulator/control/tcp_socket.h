#pragma once

#include <string>

#include "emulator/base/fd.h"

// Where a lab listens for clients on other machines.
namespace geomx::control {

// A socket that listens at "tcp://HOST:PORT", in the calling thread's network namespace; an IPv6 address in brackets,
// port 0: one that is free. Throws InputError where that is no address, SystemError where it cannot be listened at.
FileDescriptor listen_tcp(const std::string& address);

// "tcp://192.0.2.1:7000", as it has been bound.
std::string bound_address(const FileDescriptor& socket);

}  // namespace geomx::control

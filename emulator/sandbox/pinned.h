#pragma once

#include <optional>
#include <string>

#include "emulator/sandbox/namespace.h"

// Network namespaces that live on while a file stands for them (a mount, as `ip netns` makes them), whoever ends.
namespace geomx::sandbox {

// Makes the file, which must not be there. Throws SystemError.
void pin(const Namespace& network, const std::string& path);

// What the file stands for; none: there is no file, or it stands for nothing. Throws SystemError.
std::optional<Namespace> open_pinned(const std::string& path);

// In the calling thread's mount namespace the file no longer stands for it; nothing where it does not. Throws
// SystemError.
void unpin(const std::string& path);

}  // namespace geomx::sandbox

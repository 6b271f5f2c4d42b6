#pragma once

namespace geomx::ps {

// For the main of a program that moves tensors, first of all: lets the C library keep the memory of messages that have
// gone for those that come, where it would give it back to the kernel and fetch it anew, page fault by page fault.
// Costs up to 256 MiB per thread that allocates, of what has been in use at once. Where the C library is not glibc:
// nothing.
void keep_freed_memory();

}  // namespace geomx::ps

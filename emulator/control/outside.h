#pragma once

#include <string>

#include "emulator/base/units.h"

// What a lab makes outside of its process tree, and so does not end with it: its cgroups and what
// its uplinks have in the network namespace that it was started in; and what it takes from there: devices, which are to
// be given back. All of it bears a mark, which is written into the lab's folder before the lab starts; so whoever finds
// the folder of a lab that has ended can remove, and give back, exactly that.
namespace geomx::control {

std::string make_mark();  // 16 hexadecimal digits, drawn from the kernel
// Throws SystemError.
void write_mark(const std::string& folder, const std::string& mark, bool uplinks);
std::string read_mark(const std::string& folder);  // empty: the lab makes nothing outside
void remove_mark(const std::string& folder);

// Removes what bears the mark of the lab in `folder`, whose processes have ended, and gives its devices back. False
// where some of it is left after `timeout`. Uplinks are looked for in the caller's network namespace. Throws WorkError.
// REQUIRES: the caller holds the folder's lock.
bool remove_outside(const std::string& folder, Nanoseconds timeout);

// A process that waits for the end of the lab behind `pidfd`, removes what it has made outside, gives back what it has
// taken from there, and then removes its folder, whose lock it shares. It is no child of the caller's, and outlives
// him. Throws SystemError.
void start_reaper(int pidfd, int lock, const std::string& folder);

}  // namespace geomx::control

#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/e2e/emu.h"

// What a lab that was killed may have left, and how one finds it. REQUIRES: root, to look into every process.
namespace geomx::test {

// From now on this process has mounts and a network of its own: what others on this machine mount and connect meanwhile
// is not taken for a lab's, and what a lab leaves is seen here. Once per process.
void leave_the_machines_own();

// "PID NAME" of every process that has `marker` in its environment, however it has left the tree it was started in.
std::vector<std::string> marked_processes(const std::string& marker);

// Those of a tree that have not ended, whether or not they still have an environment.
std::vector<std::string> remaining(const std::vector<ProcessInfo>& tree);

// The namespaces, as "net:[4026532008]", of a lab's processes, its nodes' included, that are not this test's too.
std::set<std::string> namespaces_of(const std::vector<ProcessInfo>& tree);

// Those of `wanted` that any of the processes can still reach. A zombie reaches nothing, and processes that came later
// are not asked: their own namespaces may have been given the numbers of those that are gone.
std::vector<std::string> reachable(const std::set<std::string>& wanted, const std::vector<ProcessInfo>& processes);

std::vector<std::string> interfaces();                                 // of this network namespace, sorted
std::vector<std::string> lines_of(const std::filesystem::path& path);  // of a file

// A process's distance from the root of its tree.
int depth(const std::vector<ProcessInfo>& tree, const ProcessInfo& process, pid_t root);

}  // namespace geomx::test

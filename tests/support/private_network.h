#pragma once

#include <string>

namespace geomx::test {

// Moves the calling process, which must have one thread, into a network namespace of its own (and a user namespace
// where it is not root), so that a test can make links and send what it likes. `as_user`: root first becomes nobody.
// Returns why that is not possible here; empty: done.
std::string enter_private_network(bool as_user);

}  // namespace geomx::test

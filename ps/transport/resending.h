#pragma once

#include <chrono>
#include <memory>

#include "ps/config/log.h"
#include "ps/transport/transport.h"

namespace geomx::ps {

struct ResendOptions {
  std::chrono::milliseconds timeout{1000};  // PS_RESEND_TIMEOUT
  std::chrono::milliseconds linger{5000};   // how long stop() may wait for acknowledgements
  // A peer that has acknowledged nothing for so long does not read, or the connection to it is half open: the log names
  // it. 0: never.
  std::chrono::milliseconds silence{15'000};
  Log log{};  // hears of such peers, and of messages that have come spoilt
};

// Makes a transport that may lose, double, reorder and spoil messages one that keeps Transport's promises: every
// message that is sent comes once, whole and in order (PS_RESEND). Messages to one peer are numbered and carry a
// checksum; the other side acknowledges each, holds back those that came too early and drops those that it has. When a
// peer has acknowledged nothing for the timeout, what it has not acknowledged is sent again, then with twice the
// patience. Both sides must resend; the scheduler compares.
//
// What is repeated by those who send it (registrations, greetings of a road, heartbeats) is only checked, and so is
// what is sent by reply().
//
// Frames whose owner may change them once they are sent (Buffer::owned) are copied. stop() waits until all has been
// acknowledged, and for two timeouts more in which it acknowledges again what the others repeat.
//
// Threading: one thread of its own, which receives and resends.
std::unique_ptr<Transport> make_resending(std::unique_ptr<Transport> inner, const ResendOptions& options);

}  // namespace geomx::ps

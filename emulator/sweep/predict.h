#pragma once

#include <optional>

#include "emulator/scenario/scenario.h"

namespace geomx::sweep {

// How TCP sends what an application gives it now and then. `at_once`: as fast as the link takes it, once its window has
// grown to that. `paced`: as BBR does, which never learns a bandwidth that was not asked for. S bytes a round trip and
// the time t that it took to send them are, for it, a bandwidth of S / (RTT + t), and it sends at g = 2 / ln 2 times
// that: t = (RTT + t) / g = RTT / (g - 1).
enum class Sender { at_once, paced };

// The mean round of workers that compute nothing, in seconds, the first round excluded: what bytes, rates, delays and
// computing come to, and nothing else. c: the slowest worker's step; up(B), down(B): B / rate of the party's WAN link,
// for what of a frame is payload, and of a paced sender at least B / S of the t above; S: the bytes of a whole
// exchange; M: those of the largest message, which goes up before its sum comes down while others are on their way.
//
//   exchange      RTT + max(up(S) + down(M), up(M) + down(S))                 of the slowest party
//   fsa, mixed    c + exchange
//   hfa, diloco   K1 c + g exchange                                           g: share of rounds in which there is one
//
// An exchange that is the first, and not in the first round, takes the round trips of TCP's slow start besides.
// nullopt where this does not hold, or is not known: other workers, codecs whose bytes depend on the values, other
// flows, other links than one from each party to the central data center with a rate and a delay. Pure.
std::optional<double> predicted_round_seconds(const scenario::Scenario& scenario, Sender sender);

}  // namespace geomx::sweep

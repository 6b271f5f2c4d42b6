#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "ps/transport/transport.h"

namespace geomx::ps {

// What FaultyTransport does to the messages it sends. The same seed and the same order of sends gives the same faults.
struct Faults {
  std::uint64_t seed = 1;
  double drop = 0;       // probability
  double duplicate = 0;  // probability; the copy follows at once
  std::chrono::microseconds delay{0};
  std::chrono::microseconds jitter{0};  // added to `delay`, uniform in [0, jitter]; order is kept all the same
  double rate = 0;                      // bytes/s of the one link by which all that it sends leaves; 0: no limit
};

// A bad network for tests: wraps a transport and drops, duplicates and delays what is sent through it. Order between a
// pair of nodes is kept. Its siblings are faulty, too.
std::unique_ptr<Transport> make_faulty(std::unique_ptr<Transport> inner, const Faults& faults);

}  // namespace geomx::ps

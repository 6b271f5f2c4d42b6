#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ps/config/error.h"
#include "ps/transport/faulty.h"
#include "ps/transport/inproc.h"
#include "ps/transport/zmq_transport.h"

// The networks that a test of the parameter server runs on.
namespace geomx::ps::testing {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

inline Clock::time_point in(Clock::duration duration) {
  return Clock::now() + duration;
}
inline Clock::time_point soon() {
  return in(std::chrono::seconds(10));
}  // no test waits for it unless it fails

// A network on which any number of nodes can be made.
struct Medium {
  std::string name;
  std::function<std::unique_ptr<Transport>()> node;
};

inline Medium inproc_medium() {
  auto network = InprocNetwork::make();
  return {"inproc", [network] { return network->transport(); }};
}
inline Medium zmq_medium() {
  return {"zmq", [] { return make_zmq_transport(); }};
}
// Every node has its own faults, from the seed and the order in which the nodes are made.
inline Medium faulty_medium(const Medium& inner, Faults faults) {
  auto next = std::make_shared<std::atomic<std::uint64_t>>(faults.seed);
  return {"faulty_" + inner.name, [inner, faults, next] {
            Faults mine = faults;
            mine.seed = next->fetch_add(1000);
            return make_faulty(inner.node(), mine);
          }};
}
inline Medium medium(const std::string& name) {
  if (name == "inproc") return inproc_medium();
  if (name == "zmq") return zmq_medium();
  if (name == "delayed") {
    return faulty_medium(inproc_medium(), {.delay = milliseconds(3), .jitter = milliseconds(4)});
  }
  throw Error("no medium is called " + name);
}
inline std::vector<std::string> all_media() {
  return {"inproc", "zmq", "delayed"};
}

}  // namespace geomx::ps::testing

#include "tests/conformance/shapers.h"

#include <cstdlib>
#include <iostream>

#include "emulator/base/error.h"
#include "emulator/shaper/features.h"
#include "emulator/shaper/wire_loop.h"
#include "tests/support/private_network.h"

namespace geomx::test {
namespace {

std::string obstacle;
shaper::KernelFeatures features;

class PrivateNetwork : public ::testing::Environment {
 public:
  void SetUp() override {
    obstacle = enter_private_network(set("GEOMX_UNPRIVILEGED"));
    if (!obstacle.empty()) return;
    features = shaper::probe_features();
    std::cout << "kernel: tbf " << features.tbf << ", netem " << features.netem << ", netem seed "
              << features.netem_seed << ", packet sockets " << features.packet_vnet << ", deep receive queue "
              << features.rcvbuf_force << ", frames stay in the kernel " << features.held_frames
              << "; wire threads: " << shaper::WireLoop().scheduling() << "\n";
  }
};
const auto* const environment = ::testing::AddGlobalTestEnvironment(new PrivateNetwork);

}  // namespace

bool set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string(value) != "0" && std::string(value) != "";
}

bool full() {
  const char* value = std::getenv("GEOMX_CONFORMANCE");
  return value != nullptr && std::string(value) == "full";
}

std::string name(shaper::Kind kind) {
  return kind == shaper::Kind::tc ? "tc" : "wire";
}

bool available(shaper::Kind kind, const shaper::Direction& forward, const shaper::Direction& backward,
               std::string& missing) {
  missing = obstacle;
  if (!missing.empty()) return false;
  try {
    shaper::choose(forward, backward, features, kind == shaper::Kind::tc ? shaper::Choice::tc : shaper::Choice::wire);
    return true;
  } catch (const geomx::Error& error) {
    missing = error.line();
    return false;
  }
}

bool can_hold_frames() {
  return features.held_frames;
}

}  // namespace geomx::test

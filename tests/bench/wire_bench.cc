#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

#include "emulator/shaper/engine.h"
#include "tests/support/link_bed.h"
#include "tests/support/private_network.h"
#include "tests/support/traffic.h"

// What the wire costs: one TCP flow through it against one through a plain veth pair, in turns in the same run, and the
// pure engine's packets per second. The best of several turns counts: other processes can only slow one down.
namespace geomx::test {
namespace {

using shaper::Direction;
using shaper::Kind;
using std::chrono::milliseconds;

constexpr int kTurns = 5;

double throughput(Kind kind, const shaper::WireLoopOptions& options) {
  LinkBed bed(kind, {}, {}, options);
  return run_tcp(bed.a(), bed.b(), LinkBed::kAddressB, milliseconds(300), milliseconds(1200)).bits_per_second;
}

void compare_with_veth(const char* title, const shaper::WireLoopOptions& options) {
  double veth = 0;
  double wire = 0;
  for (int i = 0; i < kTurns; ++i) {
    veth = std::max(veth, throughput(Kind::none, {}));
    wire = std::max(wire, throughput(Kind::wire, options));
  }
  std::printf("%-44s plain veth %6.2f Gbit/s   wire %6.2f Gbit/s   ratio %.2f\n", title, veth / 1e9, wire / 1e9,
              wire / veth);
}

shaper::Frame udp_frame() {
  std::array<std::byte, kFullFrame> bytes{};
  bytes[12] = std::byte{0x08};
  return shaper::Frame::copy_of({}, bytes);
}

void measure_engine(const char* title, const Direction& direction) {
  constexpr std::uint32_t kPackets = 2'000'000;
  constexpr Nanoseconds kGap{1200};  // 10 Gbit
  shaper::Engine engine(direction);
  std::uint64_t out = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    engine.push(udp_frame(), i * kGap);
    while (engine.pop(i * kGap)) ++out;
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  std::printf("engine, %-36s %6.2f million packets/s in, %.2f out\n", title, kPackets / time.count() / 1e6,
              static_cast<double>(out) / time.count() / 1e6);
}

int run() {
  Direction direction;
  measure_engine("unshaped", direction);
  direction.delay = milliseconds(30);
  measure_engine("delay 30 ms", direction);
  direction.rate = BitsPerSecond{1'000'000'000};
  measure_engine("1 Gbit, 30 ms, full queue", direction);
  direction.rate = BitsPerSecond{20'000'000'000};
  direction.loss = 0.01;
  direction.jitter = milliseconds(1);
  measure_engine("20 Gbit, 30 ms, jitter 1 ms, loss 1 %", direction);

  const std::string obstacle = enter_private_network(false);
  if (!obstacle.empty()) {
    std::printf("SKIPPED: throughput of the wire: %s\n", obstacle.c_str());
    return 0;
  }
  compare_with_veth("one TCP flow, no rate, no delay", {});
  compare_with_veth("the same, read by ring as without root", {.ring = true});
  return 0;
}

}  // namespace
}  // namespace geomx::test

int main() {
  try {
    return geomx::test::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wire_bench: %s\n", error.what());
    return 1;
  }
}

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "emulator/shaper/engine.h"
#include "tests/support/link_bed.h"
#include "tests/support/private_network.h"
#include "tests/support/traffic.h"

// What the wire costs: one TCP flow through it against one through a plain veth pair, in turns in the same run, the CPU
// time of many slow links, and the pure engine's packets per second. The best of several turns counts: other processes
// can only slow one down.
namespace geomx::test {
namespace {

using shaper::Direction;
using shaper::Kind;
using std::chrono::milliseconds;

constexpr int kTurns = 5;

struct Flow {
  double bits_per_second = 0;
  double cpu_per_gigabyte = 0;  // seconds of this process, at the best throughput
};

double process_cpu() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// By cubic, as labs have it. Keeps the better one.
void run_flow(Kind kind, const Direction& direction, const shaper::WireLoopOptions& options, Flow& best) {
  LinkBed bed(kind, direction, direction, options);
  const double before = process_cpu();
  const auto begin = std::chrono::steady_clock::now();
  const double found =
      run_tcp(bed.a(), bed.b(), LinkBed::kAddressB, milliseconds(300), milliseconds(1200), "cubic").bits_per_second;
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  if (found <= best.bits_per_second) return;
  best = {found, (process_cpu() - before) / (found * time.count() / 8e9)};
}

void compare_with_veth(const char* title, const Direction& direction, const shaper::WireLoopOptions& options) {
  Flow veth;
  Flow wire;
  for (int i = 0; i < kTurns; ++i) {
    run_flow(Kind::none, {}, {}, veth);
    run_flow(Kind::wire, direction, options, wire);
  }
  std::printf("%-44s plain veth %6.2f Gbit/s, %.2f s of CPU/GB   wire %6.2f Gbit/s, %.2f s/GB   ratio %.2f\n", title,
              veth.bits_per_second / 1e9, veth.cpu_per_gigabyte, wire.bits_per_second / 1e9, wire.cpu_per_gigabyte,
              wire.bits_per_second / veth.bits_per_second);
}

// CPU time of this process's threads of that name.
double cpu_seconds(const std::string& name) {
  double seconds = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string comm;
    std::getline(std::ifstream(task.path() / "comm"), comm);
    double nanoseconds = 0;
    if (comm == name && std::ifstream(task.path() / "schedstat") >> nanoseconds) seconds += nanoseconds / 1e9;
  }
  return seconds;
}

std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * 4096;
}

// One sender feeds all of them in turn, each with full frames at its rate; what arrives is left to lie.
void measure_many_links(int links, BitsPerSecond rate, const shaper::WireLoopOptions& options) {
  Direction direction;
  direction.rate = rate;
  direction.delay = milliseconds(10);
  const std::size_t before = resident_bytes();
  const auto loop = std::make_shared<shaper::WireLoop>(options);
  std::vector<std::unique_ptr<LinkBed>> beds;
  std::vector<std::pair<int, int>> ends;
  for (int i = 0; i < links; ++i) {
    beds.push_back(std::make_unique<LinkBed>(Kind::wire, direction, direction, loop));
    ends.emplace_back(beds.back()->a(), beds.back()->b());
  }
  const double cpu = cpu_seconds("wire");
  const auto begin = std::chrono::steady_clock::now();
  trickle_udp(ends, LinkBed::kAddressB, rate, std::chrono::seconds(4));
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  const double share = (cpu_seconds("wire") - cpu) / time.count();
  double lateness = 0;
  std::uint64_t packets = 0;
  std::uint64_t lost = 0;
  for (const auto& bed : beds) {
    const shaper::DirectionCounters counters = bed->shaper().counters().forward;
    lateness = std::max(lateness, static_cast<double>(counters.lateness_p99_nanoseconds) / 1e6);
    packets += counters.packets;
    lost += counters.overruns;
  }
  std::printf(
      "%4d links, %4.0f kbit/s each%s %5.1f %% of a core, %.0f packets/s, %llu lost, lateness p99 %.2f ms, %.0f KiB a "
      "link\n",
      links, static_cast<double>(rate.value) / 1e3, options.ring ? ", by ring:" : ":", 100 * share,
      static_cast<double>(packets) / time.count(), static_cast<unsigned long long>(lost), lateness,
      static_cast<double>(resident_bytes() - before) / 1024 / links);
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

void measure_engines() {
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
}

void measure_flows() {
  compare_with_veth("one TCP flow, no rate, no delay", {}, {});
  compare_with_veth("the same, by packet sockets", {}, {.hold = false});
  Direction direction;
  direction.delay = milliseconds(1);
  compare_with_veth("one TCP flow, delay 1 ms", direction, {});
  compare_with_veth("the same, by packet sockets", direction, {.hold = false});
  direction.rate = BitsPerSecond{40'000'000'000};
  direction.queue = shaper::ByteLimit{10'000'000};
  compare_with_veth("one TCP flow, rate 40 Gbit, delay 1 ms", direction, {});
  compare_with_veth("the same, read by ring as without root", direction, {.ring = true});
}

void measure_links() {
  measure_many_links(200, BitsPerSecond{1'000'000}, {});
  measure_many_links(200, BitsPerSecond{1'000'000}, {.ring = true, .links = 200});
  measure_many_links(1000, BitsPerSecond{100'000}, {});
}

int run(const std::string& what) {
  if (what.empty() || what == "engine") measure_engines();
  if (what == "engine") return 0;
  const std::string obstacle = enter_private_network(false);
  if (!obstacle.empty()) {
    std::printf("SKIPPED: throughput of the wire: %s\n", obstacle.c_str());
    return 0;
  }
  if (what.empty() || what == "flows") measure_flows();
  if (what.empty() || what == "links") measure_links();
  return 0;
}

}  // namespace
}  // namespace geomx::test

// wire_bench [engine|flows|links]
int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    return geomx::test::run(argc > 1 ? argv[1] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wire_bench: %s\n", error.what());
    return 1;
  }
}

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/netlink/counters.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/lab_process.h"
#include "emulator/sandbox/namespace.h"

// How long the kernel objects of a large lab take: N nodes, each in a namespace of its own with a veth to one switch.
// Times are per object, in a lab process of its own (a user namespace where the user is not root). For comparison:
// Mininet 2.3 takes 49 ms per host.
namespace geomx {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kBridge = 2;
constexpr int kFirstPort = 10;

struct Times {
  double namespaces = 0;  // seconds, each for all nodes
  double links = 0;
  double settle = 0;
  double counters = 0;
};

Times build(int nodes) {
  Times times;
  auto start = Clock::now();
  const auto lap = [&] {
    const auto now = Clock::now();
    return std::chrono::duration<double>(now - std::exchange(start, now)).count();
  };
  std::vector<sandbox::Namespace> networks;
  networks.reserve(static_cast<std::size_t>(nodes));
  for (int i = 0; i < nodes; ++i) networks.push_back(sandbox::Namespace::create_network({}));
  const sandbox::Namespace fabric = sandbox::Namespace::create_network({});
  times.namespaces = lap();

  netlink::Socket socket;
  netlink::Batch batch;
  batch.push_back(netlink::add_bridge({.name = "switch", .netns_fd = fabric.fd(), .index = kBridge}));
  for (int i = 0; i < nodes; ++i) {
    batch.push_back(netlink::add_veth(
        {.name = "p" + std::to_string(i),
         .netns_fd = fabric.fd(),
         .index = kFirstPort + i,
         .up = true,
         .master = kBridge},
        {.name = "eth0", .netns_fd = networks[static_cast<std::size_t>(i)].fd(), .index = kFirstPort}));
  }
  socket.execute(batch);
  for (const sandbox::Namespace& network : networks) {
    const sandbox::ScopedNetwork inside(network);
    netlink::Socket there;
    there.execute(netlink::set_up(kFirstPort, "node"));
  }
  times.links = lap();

  std::optional<netlink::CounterReader> reader;
  {
    const sandbox::ScopedNetwork inside(fabric);
    netlink::Socket there;
    netlink::settle_links(there);
    reader.emplace();
  }
  for (const sandbox::Namespace& network : networks) {
    const sandbox::ScopedNetwork inside(network);
    netlink::Socket there;
    netlink::settle_links(there);
  }
  times.settle = lap();

  if (reader->links().size() != static_cast<std::size_t>(nodes) + 2) throw WorkError({}, "not all links are there");
  times.counters = lap();
  return times;
}

void star(benchmark::State& state) {
  const int nodes = static_cast<int>(state.range(0));
  Times sum;
  double teardown = 0;
  while (state.KeepRunning()) {
    Times times;
    Clock::time_point killed;
    try {
      auto lab = sandbox::spawn_init({.name = "bench"}, [&](sandbox::StartReport& report) {
        const Times took = build(nodes);
        report.ready(std::string(reinterpret_cast<const char*>(&took), sizeof(took)));
        return ::pause();
      });
      const std::string answer = lab.wait_ready(std::chrono::minutes(5));
      answer.copy(reinterpret_cast<char*>(&times), sizeof(times));
      killed = Clock::now();
      lab.kill();
    } catch (const Error& error) {
      state.SkipWithError(error.line().c_str());
      return;
    }
    teardown += std::chrono::duration<double>(Clock::now() - killed).count();
    state.SetIterationTime(times.namespaces + times.links + times.settle);
    sum.namespaces += times.namespaces;
    sum.links += times.links;
    sum.settle += times.settle;
    sum.counters += times.counters;
  }
  const double per_node_ms = 1e3 / nodes;
  const auto average = benchmark::Counter::kAvgIterations;
  state.counters["namespace_ms"] = {sum.namespaces * per_node_ms, average};
  state.counters["veth_ms"] = {sum.links * per_node_ms, average};
  state.counters["settle_ms"] = {sum.settle * per_node_ms, average};
  state.counters["all_counters_ms"] = {sum.counters * 1e3, average};
  state.counters["kill_ms"] = {teardown * 1e3, average};
}
BENCHMARK(star)->Arg(10)->Arg(100)->Arg(1000)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace geomx

BENCHMARK_MAIN();

#include "emulator/lab/capacity.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

namespace geomx::lab {
namespace {

// One TCP flow saturates a wire of 40 Gbit/s and 1 ms, and with its sender and receiver two cores of 2.6 GHz, at 26.7
// Gbit/s as root and 24.5 to 26.0 as an ordinary user (docs/performance.md); less a sixth for slower machines. Whatever
// the number of cores, one thread carries both directions of a link; beyond two cores nothing has been measured.
constexpr BitsPerSecond kForwardedPerCore{10'000'000'000};
constexpr BitsPerSecond kForwardedPerLink{20'000'000'000};
// A frame that waits is a buffer of its own: as much again as a full one holds.
constexpr std::uint64_t kFrameBytes = 1514;
constexpr double kBufferPerByte = 2;
constexpr std::uint64_t kBytesPerNode = 512 << 10;  // of the kernel: namespaces, interfaces, routes; less than this
// Of geomx-node, at its largest: 86 MB for a worker with its data set, 17 MB and 4 to 14 threads for any other role.
constexpr std::uint64_t kBytesPerWorker = 100 << 20;
constexpr std::uint64_t kBytesPerProcess = 20 << 20;
// Of messages between workers that compute nothing and servers, in a lab, all processes, copies and sums together:
// seconds of a core (docs/fidelity.md).
constexpr double kSecondsPerByte = 2.5e-9;
constexpr double kSecondsPerMessage = 60e-6;
constexpr double kBusy = 0.7;    // of the cores: with more, packets and timers wait
constexpr double kHopeless = 4;  // times as much as the cores can do
constexpr std::uint64_t kDescriptorsOfLab = 64;
constexpr std::uint64_t kDescriptorsPerNode = 3;  // two namespaces, and a socket for its counters
constexpr std::uint64_t kDescriptorsPerLink = 6;
constexpr std::uint64_t kThreadsPerProcess = 16;
constexpr unsigned kWorkersPerCore = 4;  // as many take turns without anybody minding

std::optional<std::uint64_t> number_in(const std::string& file, const std::string& key = {}) {
  std::ifstream lines(file);
  std::uint64_t value = 0;
  if (key.empty()) return lines >> value ? std::optional(value) : std::nullopt;
  for (std::string word; lines >> word;) {
    if (word == key && lines >> value) return value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> limit_of(__rlimit_resource resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) < 0 || limit.rlim_max == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_max;
}

std::optional<std::uint64_t> least(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// What a direction's queue and delay line hold when full.
double held(const shaper::Direction& direction) {
  const std::optional<BitsPerSecond> rate = peak_rate(direction);
  if (!rate) return 0;
  const auto* packets = std::get_if<shaper::PacketLimit>(&direction.queue);
  const double queue = packets ? static_cast<double>(packets->packets) * kFrameBytes
                               : static_cast<double>(std::get<shaper::ByteLimit>(direction.queue).bytes);
  const double seconds = std::chrono::duration<double>(direction.delay + largest_swing(direction)).count();
  return queue + static_cast<double>(rate->value) / 8 * seconds;
}

class Assessment {
 public:
  Assessment(const Plan& plan, const Load& load, const Machine& machine)
      : plan_(plan), load_(load), machine_(machine) {}

  void forwarding() {
    std::uint64_t asked = 0;
    std::size_t links = 0;
    std::pair<std::uint64_t, std::string> fastest;
    for (const PlannedLink& link : plan_.links) {
      if (link.shaper != shaper::Kind::wire) continue;
      ++links;
      std::uint64_t both = 0;
      for (const shaper::Direction* direction : {&link.forward, &link.backward}) {
        both += peak_rate(*direction).value_or(BitsPerSecond{}).value;
      }
      asked += both;
      fastest = std::max(fastest, {both, link.name});
    }
    const auto text = [](std::uint64_t rate) { return geomx::to_string(BitsPerSecond{rate}, true); };
    const std::uint64_t capacity = forwarding_capacity(machine_).value;
    if (asked > capacity) {
      add("forwarding",
          fmt::format("{} wire links may carry {} in all, this machine forwards about {}", links, text(asked),
                      text(capacity)),
          "fewer or slower links, or not all of them busy at once");
    } else if (fastest.first > kForwardedPerLink.value) {
      add("forwarding",
          fmt::format("link {} may carry {} both ways, the one thread that carries it forwards about {}",
                      fastest.second, text(fastest.first), text(kForwardedPerLink.value)),
          "a slower link, or not busy both ways at once");
    }
  }

  void memory() {
    const double queues = static_cast<double>(memory_of_queues(plan_).value);
    const double nodes = static_cast<double>(plan_.nodes.size()) * static_cast<double>(kBytesPerNode);
    const double processes = load_.workers * static_cast<double>(kBytesPerWorker) +
                             (load_.processes - load_.workers) * static_cast<double>(kBytesPerProcess) +
                             (load_.exchange ? static_cast<double>(load_.exchange->server_memory) : 0);
    const auto needed = static_cast<std::uint64_t>(queues + nodes + processes);
    if (!machine_.free_memory || needed <= *machine_.free_memory) return;
    const auto text = [](double bytes) { return geomx::to_string(Bytes{static_cast<std::uint64_t>(bytes)}, true); };
    add("memory",
        fmt::format("{} may be needed (full queues and delay lines {}, nodes {}, processes {}), {} are free",
                    text(queues + nodes + processes), text(queues), text(nodes), text(processes),
                    text(static_cast<double>(*machine_.free_memory))),
        "smaller queues, or fewer nodes or processes");
  }

  void cores() {
    if (machine_.cores == 0 || load_.workers <= kWorkersPerCore * machine_.cores) return;
    const auto share = static_cast<double>(load_.workers) / machine_.cores;
    add("cores",
        fmt::format(
            "{} processes that compute share {} cores: each takes about {:.1f} times as long as on one of its own",
            load_.workers, machine_.cores, share),
        machine_.root ? "fewer workers; the network goes first and stays as asked"
                      : "fewer workers; without root they may delay packets too");
  }

  void exchange() {
    if (!load_.exchange || machine_.cores == 0) return;
    const Load::Exchange& asked = *load_.exchange;
    const double needed = kSecondsPerByte * asked.bytes_per_second + kSecondsPerMessage * asked.messages_per_second;
    const double had = machine_.cores;
    if (needed <= kBusy * had) return;
    const auto bits = static_cast<std::uint64_t>(8 * asked.bytes_per_second);
    add("exchange",
        fmt::format("{:.0f} messages and {} a second between workers and servers would keep {:.1f} cores busy, this "
                    "machine has {:.0f}, and should have some left",
                    asked.messages_per_second, geomx::to_string(BitsPerSecond{bits}, true), needed, had),
        "a smaller profile, fewer workers, or more seconds a step: compute_seconds");
    found_.back().hopeless = needed > kHopeless * had;
  }

  void descriptors() {
    std::uint64_t needed = kDescriptorsOfLab + kDescriptorsPerNode * plan_.nodes.size() + load_.processes;
    for (const PlannedLink& link : plan_.links) needed += link.shaper == shaper::Kind::none ? 0 : kDescriptorsPerLink;
    limit("open files", needed, machine_.descriptors, "raise the hard limit: ulimit -Hn");
  }

  void namespaces() {
    limit("network namespaces", plan_.nodes.size() + 1, machine_.network_namespaces,
          "raise it: sysctl user.max_net_namespaces");
  }

  void processes() {
    limit("processes", kThreadsPerProcess * load_.processes + 16, machine_.processes,
          "raise it: ulimit -u, or sysctl kernel.pid_max");
  }

  std::vector<Shortage> found() && { return std::move(found_); }

 private:
  void add(std::string what, std::string figures, std::string advice) {
    found_.push_back({std::move(what), std::move(figures), std::move(advice)});
  }
  void limit(const char* what, std::uint64_t needed, std::optional<std::uint64_t> had, const char* advice) {
    if (had && needed > *had) add(what, fmt::format("{} are needed, {} are permitted", needed, *had), advice);
  }

  const Plan& plan_;
  const Load& load_;
  const Machine& machine_;
  std::vector<Shortage> found_;
};

}  // namespace

Machine this_machine() {
  Machine machine;
  machine.cores = std::thread::hardware_concurrency();
  machine.root = ::geteuid() == 0;
  if (const auto kibibytes = number_in("/proc/meminfo", "MemAvailable:")) machine.free_memory = *kibibytes * 1024;
  machine.descriptors = limit_of(RLIMIT_NOFILE);
  machine.network_namespaces = number_in("/proc/sys/user/max_net_namespaces");
  machine.processes = least(number_in("/proc/sys/kernel/pid_max"), limit_of(RLIMIT_NPROC));
  return machine;
}

BitsPerSecond forwarding_capacity(const Machine& machine) {
  return BitsPerSecond{kForwardedPerCore.value * std::max(machine.cores, 1u)};
}

Bytes memory_of_queues(const Plan& plan) {
  double bytes = 0;
  for (const PlannedLink& link : plan.links) {
    if (link.shaper != shaper::Kind::none) bytes += held(link.forward) + held(link.backward);
  }
  return Bytes{static_cast<std::uint64_t>(kBufferPerByte * bytes)};
}

std::vector<Shortage> shortages(const Plan& plan, const Load& load, const Machine& machine) {
  Assessment assessment(plan, load, machine);
  assessment.forwarding();
  assessment.memory();
  assessment.cores();
  assessment.exchange();
  assessment.descriptors();
  assessment.namespaces();
  assessment.processes();
  return std::move(assessment).found();
}

}  // namespace geomx::lab

// How long a lab takes to come up and to go: one data center of N hosts on one switch, and a gateway.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/control/launch.h"
#include "emulator/lab/inspect.h"
#include "emulator/lab/plan.h"
#include "emulator/lab/probe.h"

namespace {

using Seconds = std::chrono::duration<double>;
using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  const auto of = [](int who) {
    rusage usage{};
    ::getrusage(who, &usage);
    const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + 1e-6 * time.tv_usec; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  };
  return of(RUSAGE_SELF) + of(RUSAGE_CHILDREN);
}

void measure(int hosts, const char* rate) {
  geomx::scenario::Scenario scenario;
  scenario.name = "bench";
  geomx::scenario::Datacenter datacenter;
  datacenter.name = "dc";
  datacenter.hosts = hosts;
  if (rate != nullptr) datacenter.lan.rate = geomx::parse_rate(rate);
  scenario.topology.datacenters = {datacenter};

  const double cpu = cpu_seconds();
  const auto start = Clock::now();
  const geomx::lab::Plan plan = geomx::lab::make_plan(scenario, geomx::lab::probe_kernel());
  const Seconds planned = Clock::now() - start;
  geomx::control::RunningLab lab = geomx::control::launch(plan, {});
  const Seconds up = lab.up_time();
  const auto asked = Clock::now();
  lab.client().inspect();
  const Seconds inspected = Clock::now() - asked;
  Seconds counted = Seconds::max();
  for (int i = 0; i < 5; ++i) {  // the best of some: a lab also looks at its links by itself
    const auto before = Clock::now();
    lab.client().counters();
    counted = std::min<Seconds>(counted, Clock::now() - before);
  }
  const Seconds down = lab.stop();
  fmt::print("{:>5} {:>9} {:>9.3f} {:>9.3f} {:>11.3f} {:>9.4f} {:>9.3f} {:>9.3f}\n", hosts, rate ? rate : "unshaped",
             planned.count(), up.count(), inspected.count(), counted.count(), down.count(), cpu_seconds() - cpu);
}

}  // namespace

int main() {
  try {
    fmt::print("seconds  (tests/bench/mininet_comparison.sh sets Mininet beside it)\n");
    fmt::print("{:>5} {:>9} {:>9} {:>9} {:>11} {:>9} {:>9} {:>9}\n", "hosts", "links", "plan", "up", "inspect",
               "counters", "down", "cpu");
    for (const int hosts : {10, 100, 1000}) measure(hosts, nullptr);
    for (const int hosts : {100, 1000}) measure(hosts, "1Gbit");
    return EXIT_SUCCESS;
  } catch (const geomx::Error& error) {
    fmt::print(stderr, "lab_bench: {}\n", error.line());
    return EXIT_FAILURE;
  }
}

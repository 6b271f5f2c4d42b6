#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// How busy this machine is, from /proc: what explains a network that is not as asked. Totals since some start; a share
// is the growth of one over the growth of another.
namespace geomx::lab {

struct MachineReading {
  double time = 0;  // seconds, of any clock that goes on steadily
  // /proc/pressure/cpu: microseconds during which some task that could run had no CPU. nullopt: a kernel without PSI.
  std::optional<std::uint64_t> waiting_microseconds;
  // /proc/stat, in ticks of all CPUs together: of the machine as a whole, whatever namespaces this process is in.
  std::uint64_t busy_ticks = 0;    // user, nice, system, irq, softirq
  std::uint64_t stolen_ticks = 0;  // that a hypervisor gave to others
  std::uint64_t all_ticks = 0;
  // schedstat of this process's threads: nanoseconds during which one could run and had to wait.
  std::optional<std::uint64_t> delayed_nanoseconds;
};

// Shares of 1 between two readings; nullopt: not known.
struct MachineLoad {
  std::optional<double> cpu_pressure;  // of the time: some task waited for a CPU
  std::optional<double> cpu_busy;      // of all CPUs
  std::optional<double> steal;         // of all CPUs
  std::optional<double> lab_waited;    // of the time: a thread of the lab process, the wire's among them, waited
};

// Of the calling process's machine. What cannot be read is left out; never throws.
MachineReading read_machine();
MachineLoad load_between(const MachineReading& before, const MachineReading& after);

// The files' contents; nullopt where they are not what was expected.
std::optional<std::uint64_t> parse_pressure(std::string_view text);  // the "total" of the line "some"
bool parse_stat(std::string_view text, MachineReading& into);        // the line "cpu"

}  // namespace geomx::lab

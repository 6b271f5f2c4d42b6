#include "emulator/lab/machine_load.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace geomx::lab {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// "407283 3445023 4": nanoseconds on a CPU, nanoseconds that it waited for one, slices.
std::optional<std::uint64_t> delay_of_threads() {
  std::uint64_t sum = 0;
  bool any = false;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::istringstream text(content(thread.path() / "schedstat"));
    std::uint64_t ran = 0;
    std::uint64_t waited = 0;
    if (!(text >> ran >> waited)) continue;  // the thread has ended
    sum += waited;
    any = true;
  }
  return any ? std::optional(sum) : std::nullopt;
}

std::optional<double> share(std::uint64_t from, std::uint64_t to, double of) {
  if (of <= 0 || to < from) return std::nullopt;
  return std::min(1.0, static_cast<double>(to - from) / of);
}

}  // namespace

std::optional<std::uint64_t> parse_pressure(std::string_view text) {
  constexpr std::string_view kTotal = "total=";
  if (!text.starts_with("some ")) return std::nullopt;
  text = text.substr(0, text.find('\n'));
  const std::size_t at = text.find(kTotal);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const char* const first = text.data() + at + kTotal.size();
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), value);
  return error == std::errc() && end != first ? std::optional(value) : std::nullopt;
}

bool parse_stat(std::string_view text, MachineReading& into) {
  std::istringstream line{std::string(text.substr(0, text.find('\n')))};
  std::string name;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, softirq = 0;
  if (!(line >> name >> user >> nice >> system >> idle >> waiting >> irq >> softirq) || name != "cpu") return false;
  std::uint64_t steal = 0;
  line >> steal;  // since Linux 2.6.11
  into.busy_ticks = user + nice + system + irq + softirq;
  into.stolen_ticks = steal;
  into.all_ticks = into.busy_ticks + idle + waiting + steal;
  return true;
}

MachineReading read_machine() {
  MachineReading reading;
  reading.time = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  reading.waiting_microseconds = parse_pressure(content("/proc/pressure/cpu"));
  parse_stat(content("/proc/stat"), reading);
  reading.delayed_nanoseconds = delay_of_threads();
  return reading;
}

MachineLoad load_between(const MachineReading& before, const MachineReading& after) {
  MachineLoad load;
  const double seconds = after.time - before.time;
  const auto ticks = static_cast<double>(after.all_ticks - std::min(before.all_ticks, after.all_ticks));
  if (before.waiting_microseconds && after.waiting_microseconds) {
    load.cpu_pressure = share(*before.waiting_microseconds, *after.waiting_microseconds, 1e6 * seconds);
  }
  load.cpu_busy = share(before.busy_ticks, after.busy_ticks, ticks);
  load.steal = share(before.stolen_ticks, after.stolen_ticks, ticks);
  if (before.delayed_nanoseconds && after.delayed_nanoseconds) {
    load.lab_waited = share(*before.delayed_nanoseconds, *after.delayed_nanoseconds, 1e9 * seconds);
  }
  return load;
}

}  // namespace geomx::lab

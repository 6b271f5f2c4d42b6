#include "emulator/run/cpu_pressure.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace geomx::run {
namespace {

// "some avg10=0.72 avg60=0.15 avg300=0.16 total=8117425": microseconds since boot.
std::optional<std::uint64_t> some_total() {
  std::ifstream file("/proc/pressure/cpu");
  for (std::string word; file >> word;) {
    if (word.starts_with("total=")) return std::stoull(word.substr(6));
  }
  return std::nullopt;
}

}  // namespace

CpuPressure::CpuPressure() : start_microseconds_(some_total()), start_(std::chrono::steady_clock::now()) {}

std::optional<double> CpuPressure::share() const {
  const std::optional<std::uint64_t> now = some_total();
  const double elapsed = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start_).count();
  if (!now || !start_microseconds_ || elapsed <= 0) return std::nullopt;
  return std::clamp(static_cast<double>(*now - *start_microseconds_) / elapsed, 0.0, 1.0);
}

}  // namespace geomx::run

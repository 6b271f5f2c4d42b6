#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

// How much tasks have waited for a CPU since this was made, as the kernel's pressure stall information has it.
namespace geomx::run {

class CpuPressure {
 public:
  CpuPressure();
  // 0..1: the share of time in which some task was waiting; nullopt where the kernel does not say.
  std::optional<double> share() const;

 private:
  std::optional<std::uint64_t> start_microseconds_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace geomx::run

#include "ps/config/sync_config.h"

namespace geomx::ps {

const char* to_string(SyncName name) {
  switch (name) {
    case SyncName::fsa:
      return "fsa";
    case SyncName::mixed:
      return "mixed";
    case SyncName::hfa:
      return "hfa";
    case SyncName::esync:
      return "esync";
    case SyncName::diloco:
      break;
  }
  return "diloco";
}

bool steps_locally(const SyncConfig& config) {
  return config.name == SyncName::hfa || config.name == SyncName::esync || config.name == SyncName::diloco;
}

std::uint64_t rounds_of(const SyncConfig& config, std::uint64_t steps) {
  const auto each = static_cast<std::uint64_t>(config.local_steps);
  return (steps + each - 1) / each;
}

}  // namespace geomx::ps

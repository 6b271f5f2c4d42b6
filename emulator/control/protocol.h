#pragma once

#include <cstdint>

#include "emulator/control/control.pb.h"

namespace geomx::control {

// The protocol that this program speaks. It counts up with every change after which an older client or server would
// misunderstand a newer one; what is only added does not change it.
inline constexpr std::uint32_t kProtocol = 1;

// What nothing of either side exceeds: scenarios, environments; the inspection of 5000 nodes is some 20 MiB.
inline constexpr std::size_t kLargestRequest = 16 << 20;
inline constexpr std::size_t kLargestAnswer = 256 << 20;

}  // namespace geomx::control

#pragma once

// The lab process's exit codes, which init passes on: how a lab's end is known to its starter.
namespace geomx::control {

inline constexpr int kExitByRequest = 0;
inline constexpr int kExitFailed = 1;  // and above 128: the signal that killed the lab process

}  // namespace geomx::control

#pragma once

#include <functional>
#include <string>

namespace geomx::ps {

// What a node tells its user beside errors, a line at a time: level 1 what is necessary, 2 details (PS_VERBOSE).
// Called from any thread. An empty one is allowed: nobody listens.
using Log = std::function<void(int level, const std::string& line)>;

inline constexpr int kNecessary = 1;
inline constexpr int kDetails = 2;

}  // namespace geomx::ps

#pragma once

#include <string>

#include "emulator/shaper/direction.h"

namespace geomx::shaper {

// "rate 100Mbit delay 30ms jitter 1ms loss 0.1% queue 500packets seed 7"; "unshaped".
std::string describe(const Direction& direction);
std::string describe(const QueueLimit& queue);

}  // namespace geomx::shaper

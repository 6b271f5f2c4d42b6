#pragma once

#include <string>

#include "emulator/shaper/direction.h"

namespace geomx::shaper {

// "rate 100Mbit delay 30ms jitter 1ms loss 0.1% queue 500packets seed 7"; "unshaped".
std::string describe(const Direction& direction);
std::string describe(const QueueLimit& queue);
std::string describe(const GilbertElliott& model);        // "gilbert-elliott p 1% r 20% good 0% bad 100%"
std::string describe(const CodelSettings& codel);         // "target 5ms interval 100ms ecn"
std::string describe_jitter(const Direction& direction);  // "1ms", "1ms normal correlation 25% order free"
std::string name_of(Distribution distribution);

}  // namespace geomx::shaper

#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "emulator/shaper/engine.h"

// What comes out of an engine, and when.
namespace geomx::shaper {

struct Seen {
  Frame frame;
  Time at;
};

// Lets the clock run until nothing is left, popping each frame exactly when the engine says that it is due.
inline std::vector<Seen> drain(Engine& engine, Time until = kNever) {
  std::vector<Seen> departures;
  while (engine.next_release() <= until && engine.next_release() != kNever) {
    const Time now = engine.next_release();
    std::optional<Engine::Departure> departure = engine.pop(now);
    if (departure) departures.push_back({std::move(departure->frame), now});
  }
  return departures;
}

}  // namespace geomx::shaper

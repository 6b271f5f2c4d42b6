#pragma once

// What a running lab says of a link or a node, as the canvas shows it.
namespace geomx::gui {

struct DirectionState {
  double utilisation = -1;     // of its rate, 0 to 1; below 0: it has no limit, or nothing is known
  double bits_per_second = 0;  // delivered
  double loss = 0;             // share of packets lost, 0 to 1
};

struct LinkState {
  DirectionState forward;   // from the link's first end to its second
  DirectionState backward;  // the other way
  bool up = true;
};

enum class NodeState { unknown, alive, paused, dead };

}  // namespace geomx::gui

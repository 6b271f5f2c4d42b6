#pragma once

#include <QCoreApplication>
#include <QString>

#include "gui/canvas/live_state.h"
#include "gui/model/topology_model.h"

// Numbers as a label has room for them.
namespace geomx::gui {

class Figures {
  Q_DECLARE_TR_FUNCTIONS(Canvas)

 public:
  // "100Mbit" -> "100 Mbit": as it was typed, with a space before the unit.
  static QString spaced(const QString& typed);
  // What is asked of a direction: "100 Mbit · 30 ms · 0.1 %"; empty where nothing is.
  static QString asked(const LinkItem& link, bool forward);
  // "4 hosts"
  static QString hosts(std::size_t count);
  // "43.2 Mbit/s", "1.2 kbit/s", "0".
  static QString rate(double bits_per_second);
  // "43.2 Mbit/s  loss 0.1 %"
  static QString rate_and_loss(const DirectionState& state);
};

}  // namespace geomx::gui

#pragma once

#include <QColor>
#include <QPalette>
#include <QString>
#include <span>

#include "gui/client/run_rows.h"

namespace geomx::gui {

// What a round consists of, in its order.
struct Part {
  const char* name;  // untranslated
  double run::RoundRow::*milliseconds;
  int colour;  // of line_colour; -1: faint, for nothing is done
};

std::span<const Part> parts();
QString part_name(const Part& part);
QColor part_colour(const Part& part, const QPalette& palette);

double seconds_of(const run::RoundRow& round);  // all its parts
QString text_of(const run::EventRow& event);    // "set wan-a rate=10Mbit"

}  // namespace geomx::gui

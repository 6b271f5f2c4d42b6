#pragma once

#include <QString>

namespace geomx::gui {

// A line that a command has written to standard error for people to act on.
struct Complaint {
  QString where;  // "three-dc.json:3:7", "/topology/links/0/rate", or empty
  QString what;
  QString hint;  // empty: none
  bool warning = false;
};

// Of "geomx-emu: WHERE: WHAT (HINT)". Pure.
Complaint complaint_of(QString line);

}  // namespace geomx::gui

#pragma once

#include <QList>
#include <QString>

namespace geomx::gui {

// Something wrong with a scenario's text, in the words of `geomx-emu check`.
struct Problem {
  QString pointer;  // of the value; it may name a key that is missing. "": the whole, or a syntax error
  int line = 0;     // from 1; 0: unknown
  int column = 0;   // from 1, in characters
  QString what;
  QString hint;  // may be empty
  bool operator==(const Problem&) const = default;
  // "WHAT (HINT)"
  QString sentence() const { return hint.isEmpty() ? what : QStringLiteral("%1 (%2)").arg(what, hint); }
};
using Problems = QList<Problem>;

}  // namespace geomx::gui

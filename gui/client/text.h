#pragma once

#include <QString>
#include <exception>
#include <string>

namespace geomx::gui {

inline QString to_qt(const std::string& text) {
  return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

// An error as one line: where, what, and what to do about it.
QString line_of(const std::exception& error);

}  // namespace geomx::gui

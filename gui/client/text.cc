#include "gui/client/text.h"

#include "emulator/base/error.h"

namespace geomx::gui {

QString line_of(const std::exception& error) {
  const auto* ours = dynamic_cast<const Error*>(&error);
  return ours != nullptr ? to_qt(ours->line()) : QString::fromUtf8(error.what());
}

}  // namespace geomx::gui

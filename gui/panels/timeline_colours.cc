#include "gui/panels/timeline_colours.h"

#include <QCoreApplication>

#include "gui/panels/theme.h"

namespace geomx::gui {
namespace {

constexpr const char* kContext = "geomx::gui::TimelinePanel";

constexpr Part kParts[] = {
    {QT_TRANSLATE_NOOP("geomx::gui::TimelinePanel", "gather"), &run::RoundRow::gather_ms, 4},
    {QT_TRANSLATE_NOOP("geomx::gui::TimelinePanel", "compute"), &run::RoundRow::compute_ms, 0},
    {QT_TRANSLATE_NOOP("geomx::gui::TimelinePanel", "push"), &run::RoundRow::push_ms, 1},
    {QT_TRANSLATE_NOOP("geomx::gui::TimelinePanel", "wait"), &run::RoundRow::wait_ms, -1},
    {QT_TRANSLATE_NOOP("geomx::gui::TimelinePanel", "pull"), &run::RoundRow::pull_ms, 2},
};

}  // namespace

std::span<const Part> parts() {
  return kParts;
}

QString part_name(const Part& part) {
  return QCoreApplication::translate(kContext, part.name);
}

QColor part_colour(const Part& part, const QPalette& palette) {
  if (part.colour >= 0) return line_colour(part.colour, palette);
  return blend(palette.color(QPalette::Text), palette.color(QPalette::Base), 0.7);
}

}  // namespace geomx::gui

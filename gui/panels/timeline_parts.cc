#include "gui/panels/timeline_parts.h"

#include <QCoreApplication>

#include "gui/client/text.h"
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

double seconds_of(const run::RoundRow& round) {
  double sum = 0;
  for (const Part& part : parts()) sum += round.*part.milliseconds;
  return sum / 1000;
}

QString text_of(const run::EventRow& event) {
  QStringList words{to_qt(event.kind)};
  if (!event.object.empty()) words << to_qt(event.object);
  if (!event.detail.empty()) words << to_qt(event.detail);
  return words.join(QLatin1Char(' '));
}

}  // namespace geomx::gui

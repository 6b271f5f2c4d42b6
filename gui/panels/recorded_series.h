#pragma once

#include <vector>

#include "emulator/run/database_reader.h"
#include "gui/client/feed_history.h"

namespace geomx::gui {

// A link's samples out of a run folder, which are totals, as rates over time; times are those of the run. Pure.
LinkSeries series_of(const std::vector<run::LinkSampleRow>& samples);

}  // namespace geomx::gui

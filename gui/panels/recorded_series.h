#pragma once

#include <vector>

#include "gui/client/feed_history.h"
#include "gui/client/run_rows.h"

namespace geomx::gui {

// A link's samples out of a run folder, which are totals, as rates over time; times are those of the run. Pure.
LinkSeries series_of(const std::vector<run::LinkSampleRow>& samples);

}  // namespace geomx::gui

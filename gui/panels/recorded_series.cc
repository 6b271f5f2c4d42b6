#include "gui/panels/recorded_series.h"

#include <array>
#include <limits>
#include <optional>

namespace geomx::gui {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double per_second(std::uint64_t before, std::uint64_t after, double seconds) {
  return after >= before && seconds > 0 ? static_cast<double>(after - before) / seconds : 0;
}

}  // namespace

LinkSeries series_of(const std::vector<run::LinkSampleRow>& samples) {
  LinkSeries series;
  std::array<std::optional<run::LinkSampleRow>, 2> before;
  for (const run::LinkSampleRow& sample : samples) {
    const std::size_t way = sample.forward ? 0 : 1;
    const auto last = std::exchange(before[way], sample);
    if (!last) continue;
    const double seconds = sample.time - last->time;
    if (way == 0) {
      series.times.push_back(sample.time);
      series.rtt_ms.push_back(kNone);
    }
    LinkSeries::Way& into = series.ways[way];
    if (into.bps.size() == series.times.size()) continue;
    into.bps.push_back(8 * per_second(last->bytes, sample.bytes, seconds));
    into.limit_bps.push_back(kNone);
    into.queue_bytes.push_back(static_cast<double>(sample.backlog_bytes));
    into.drops.push_back(per_second(last->dropped_queue + last->dropped_loss + last->overruns,
                                    sample.dropped_queue + sample.dropped_loss + sample.overruns, seconds));
    into.delay_ms.push_back(sample.delay_ms.value_or(kNone));
  }
  for (LinkSeries::Way& way : series.ways) {
    for (std::vector<double>* values : {&way.bps, &way.limit_bps, &way.queue_bytes, &way.drops, &way.delay_ms}) {
      values->resize(series.times.size(), kNone);
    }
  }
  return series;
}

}  // namespace geomx::gui

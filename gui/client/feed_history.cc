#include "gui/client/feed_history.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gui/client/text.h"

namespace geomx::gui {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

template <typename Value>
float or_none(const std::optional<Value>& value) {
  return value ? static_cast<float>(*value) : kNone;
}

}  // namespace

FeedHistory::Sample FeedHistory::sample_of(const control::LinkRates& rates, double seconds) {
  Sample sample;
  const std::array ways{&rates.forward, &rates.backward};
  for (std::size_t way = 0; way < ways.size(); ++way) {
    const control::DirectionRates& direction = *ways[way];
    sample.bps[way] = static_cast<float>(direction.bps);
    sample.limit_bps[way] = or_none(direction.limit_bps);
    sample.queue_bytes[way] = static_cast<float>(direction.backlog_bytes);
    sample.drops[way] = static_cast<float>(static_cast<double>(direction.drops()) / seconds);
    sample.delay_ms[way] = or_none(direction.delay_ms);
  }
  sample.rtt_ms = or_none(rates.rtt_ms);
  return sample;
}

void FeedHistory::add(const LinkFeed& feed) {
  constexpr Sample none{{kNone, kNone}, {kNone, kNone}, {kNone, kNone}, {kNone, kNone}, {kNone, kNone}, kNone};
  if (times_.size() < kept_) {
    times_.push_back(feed.time);
    next_ = times_.size() - 1;
  } else {
    times_[next_] = feed.time;
  }
  for (Link& link : links_) {
    link.samples.resize(times_.size(), none);
    link.samples[next_] = none;
  }
  for (const control::LinkRates& rates : feed.links) {
    Link& link = links_[to_qt(rates.name)];
    if (link.samples.empty()) {
      link.samples.resize(times_.size(), none);
      link.directions = {to_qt(rates.forward.name), to_qt(rates.backward.name)};
    }
    link.samples[next_] = sample_of(rates, feed.seconds);
  }
  next_ = (next_ + 1) % kept_;
}

void FeedHistory::clear() {
  times_.clear();
  links_.clear();
  next_ = 0;
}

LinkSeries FeedHistory::series(const QString& name) const {
  LinkSeries series;
  const auto link = links_.find(name);
  if (link == links_.end()) return series;
  const std::size_t count = times_.size();
  const std::size_t first = count < kept_ ? 0 : next_;
  for (std::size_t way = 0; way < 2; ++way) series.ways[way].direction = link->directions[way];
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = (first + i) % count;
    const Sample& sample = link->samples[at];
    series.times.push_back(times_[at]);
    series.rtt_ms.push_back(sample.rtt_ms);
    for (std::size_t way = 0; way < 2; ++way) {
      LinkSeries::Way& into = series.ways[way];
      into.bps.push_back(sample.bps[way]);
      into.limit_bps.push_back(sample.limit_bps[way]);
      into.queue_bytes.push_back(sample.queue_bytes[way]);
      into.drops.push_back(sample.drops[way]);
      into.delay_ms.push_back(sample.delay_ms[way]);
    }
  }
  return series;
}

}  // namespace geomx::gui

#pragma once

#include <QHash>
#include <QString>
#include <array>
#include <vector>

#include "gui/client/lab_types.h"

namespace geomx::gui {

// One direction of a link over the last minutes; the vectors are as long as `times`. NaN: not measured.
struct LinkSeries {
  struct Way {
    QString direction;
    std::vector<double> bps;
    std::vector<double> limit_bps;
    std::vector<double> queue_bytes;
    std::vector<double> drops;  // per second: queue, loss and overruns together
    std::vector<double> delay_ms;
  };
  std::vector<double> times;   // seconds since 1970
  std::vector<double> rtt_ms;  // the link's measured delays and present queues
  std::array<Way, 2> ways;     // forward, backward
};

// The last `kept` feeds of every link, so that a chart of any has a past at once: 26 MB at 500 links and 1200 feeds.
// Pure.
class FeedHistory {
 public:
  explicit FeedHistory(std::size_t kept = 1200) : kept_(kept) {}

  void add(const LinkFeed& feed);
  void clear();
  LinkSeries series(const QString& link) const;  // in the order of time; empty for an unknown one

 private:
  struct Sample {
    std::array<float, 2> bps, limit_bps, queue_bytes, drops, delay_ms;
    float rtt_ms = 0;
  };
  struct Link {
    std::array<QString, 2> directions;
    std::vector<Sample> samples;  // a ring as long as times_
  };
  static Sample sample_of(const control::LinkRates& rates, double seconds);

  std::size_t kept_;
  std::size_t next_ = 0;  // where the ring goes on
  std::vector<double> times_;
  QHash<QString, Link> links_;
};

}  // namespace geomx::gui

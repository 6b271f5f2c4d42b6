#pragma once

#include <QByteArray>
#include <QString>
#include <QVector>
#include <cmath>
#include <limits>

// What a run folder holds, as values that may travel between threads. docs/run-folder.md says what each means; times
// are in seconds since the start of the run, NaN is "not known".
namespace geomx::gui {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct RunFacts {
  QString folder;
  QString scenario;    // its name
  double start = 0;    // seconds since 1970
  bool ended = false;  // nothing more will come
  QString status;      // ok, failed, interrupted; empty: goes on, or was killed
};

struct StepRow {
  double time = 0;
  QString node;
  qint64 round = 0;
  double loss = kUnknown;
  qint64 samples = 0;
  double compute_ms = 0;
  double communicate_ms = 0;
};

struct EvaluationRow {
  double time = 0;
  QString node;
  qint64 round = 0;
  double test_accuracy = 0;
  double test_loss = kUnknown;
};

// What a node's round was spent on; it ended at `time`.
struct RoundRow {
  double time = 0;
  QString node;
  qint64 round = 0;
  double gather_ms = 0;
  double compute_ms = 0;
  double push_ms = 0;
  double wait_ms = 0;
  double pull_ms = 0;
};

struct EventRow {
  double time = 0;
  QString kind;
  QString object;
  QString detail;
};

// Bytes that all WAN links have delivered so far, both ways.
struct WanRow {
  double time = 0;
  double bytes = 0;
};

// One direction of the link that is followed; totals since the link came up.
struct LinkSampleRow {
  double time = 0;
  bool forward = true;
  double bytes = 0;
  double dropped_queue = 0;
  double dropped_loss = 0;
  double overruns = 0;
  double backlog_bytes = 0;
  double delay_ms = kUnknown;
};

// What has come since the last batch.
struct RunBatch {
  QVector<StepRow> steps;
  QVector<EvaluationRow> evaluations;
  QVector<RoundRow> rounds;
  QVector<EventRow> events;
  QVector<WanRow> wan;
  QVector<LinkSampleRow> link_samples;
  QString link;  // whose samples these are
  bool empty() const {
    return steps.isEmpty() && evaluations.isEmpty() && rounds.isEmpty() && events.isEmpty() && wan.isEmpty() &&
           link_samples.isEmpty();
  }
};

// What has been appended to a log.
struct LogChunk {
  QString name;          // the file's without ".log": a node, or a workload's command
  QByteArray text;       // whole lines, but for the last where the process has ended
  bool skipped = false;  // more stood before it than is shown
};

}  // namespace geomx::gui

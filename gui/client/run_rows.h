#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <vector>

#include "emulator/run/database_reader.h"

// What a run folder holds, as values that may travel between threads. docs/run-folder.md says what each means; times
// are in seconds since the start of the run.
namespace geomx::gui {

struct RunFacts {
  QString folder;
  QString scenario;    // its name
  double start = 0;    // seconds since 1970
  bool ended = false;  // nothing more will come
  QString status;      // ok, failed, interrupted; empty: goes on, or was killed
  QStringList links;   // those that count
};

// What has come since the last batch.
struct RunBatch {
  run::DatabaseRows rows;
  QString link;  // that is followed
  std::vector<run::LinkSampleRow> link_samples;
};

// What has been appended to a log.
struct LogChunk {
  QString name;          // the file's without ".log": a node, or a workload's command
  QByteArray text;       // whole lines, but for the last where the process has ended
  bool skipped = false;  // more stood before it than is shown
};

}  // namespace geomx::gui

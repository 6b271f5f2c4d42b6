#pragma once

#include <QByteArray>
#include <QHash>
#include <QString>
#include <QVector>
#include <optional>
#include <string>

#include "emulator/run/database_reader.h"
#include "gui/client/run_rows.h"

namespace geomx::gui {

// A run folder, read on from where it was left; without Qt's event loop. One thread. Throws WorkError, after which it
// may be tried again.
class RunFiles {
 public:
  explicit RunFiles(const QString& folder) : folder_(folder) {}

  const QString& folder() const { return folder_; }
  void follow_link(const QString& link);
  // Where run.json has changed; nothing: it has not, or is not there yet.
  std::optional<RunFacts> facts();
  // summary.json, once: of a run that facts() has told the end of. Nothing: it is not there (yet).
  std::optional<QByteArray> summary();
  // Nothing while there is no database yet.
  RunBatch rows();
  // Of the logs, at most so much of each at once; of one that is long already, its end.
  QVector<LogChunk> logs();

 private:
  struct Log {
    qint64 read = 0;
    QByteArray rest;  // the beginning of a line
  };

  QString folder_;
  QByteArray facts_text_;
  bool ended_ = false;
  bool summarised_ = false;
  std::optional<run::DatabaseReader> database_;
  std::string link_;
  std::int64_t link_after_ = 0;
  QHash<QString, Log> logs_;
};

}  // namespace geomx::gui

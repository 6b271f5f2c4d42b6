#pragma once

#include <QHash>
#include <QString>
#include <QStringList>
#include <QVector>
#include <deque>

#include "gui/client/run_rows.h"

namespace geomx::gui {

// The last lines of every log, of all together in the order in which they were read. Pure.
class LogStore {
 public:
  static constexpr std::size_t kKept = 20'000;  // of each log, and of all

  struct Line {
    QString log;
    QString text;
  };

  // Returns the new lines.
  std::vector<Line> add(const LogChunk& chunk);
  void clear();
  QStringList names() const;                                // in order
  const std::deque<Line>& lines(const QString& log) const;  // empty: of all

 private:
  std::deque<Line> all_;
  QHash<QString, std::deque<Line>> logs_;
};

}  // namespace geomx::gui

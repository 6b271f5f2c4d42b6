#include "gui/panels/log_store.h"

namespace geomx::gui {
namespace {

void keep(std::deque<LogStore::Line>& lines, const LogStore::Line& line) {
  lines.push_back(line);
  if (lines.size() > LogStore::kKept) lines.pop_front();
}

}  // namespace

std::vector<LogStore::Line> LogStore::add(const LogChunk& chunk) {
  std::vector<Line> lines;
  if (chunk.skipped) lines.push_back({chunk.name, QStringLiteral("...")});
  QStringList texts = QString::fromUtf8(chunk.text).split(QLatin1Char('\n'));
  if (texts.last().isEmpty()) texts.removeLast();
  for (const QString& text : texts) lines.push_back({chunk.name, text});
  std::deque<Line>& log = logs_[chunk.name];
  for (const Line& line : lines) {
    keep(log, line);
    keep(all_, line);
  }
  return lines;
}

void LogStore::clear() {
  all_.clear();
  logs_.clear();
}

QStringList LogStore::names() const {
  QStringList names = logs_.keys();
  names.sort();
  return names;
}

const std::deque<LogStore::Line>& LogStore::lines(const QString& log) const {
  static const std::deque<Line> none;
  if (log.isEmpty()) return all_;
  const auto found = logs_.find(log);
  return found == logs_.end() ? none : *found;
}

}  // namespace geomx::gui

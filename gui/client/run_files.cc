#include "gui/client/run_files.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>

#include "gui/client/text.h"

namespace geomx::gui {
namespace {

constexpr qint64 kAtFirst = 256 << 10;  // of each log, in bytes
constexpr qint64 kAtOnce = 256 << 10;

}  // namespace

void RunFiles::follow_link(const QString& link) {
  link_ = link.toStdString();
  link_after_ = 0;
}

std::optional<RunFacts> RunFiles::facts() {
  QFile file(folder_ + QStringLiteral("/run.json"));
  if (!file.open(QIODevice::ReadOnly)) return std::nullopt;
  const QByteArray text = file.readAll();
  if (text == facts_text_) return std::nullopt;
  facts_text_ = text;
  const QJsonObject run = QJsonDocument::fromJson(text).object();
  RunFacts facts;
  facts.folder = folder_;
  facts.scenario = run.value(QStringLiteral("scenario")).toString();
  facts.start = run.value(QStringLiteral("start")).toObject().value(QStringLiteral("seconds_since_epoch")).toDouble();
  facts.ended = run.value(QStringLiteral("end")).isObject();
  ended_ = facts.ended;
  facts.status = run.value(QStringLiteral("status")).toString();
  facts.links = run.value(QStringLiteral("shapers")).toObject().keys();
  return facts;
}

std::optional<QByteArray> RunFiles::summary() {
  QFile file(folder_ + QStringLiteral("/summary.json"));
  if (!ended_ || summarised_ || !file.open(QIODevice::ReadOnly)) return std::nullopt;
  summarised_ = true;
  return file.readAll();
}

RunBatch RunFiles::rows() {
  RunBatch batch;
  const QString path = folder_ + QStringLiteral("/run.sqlite");
  if (!database_) {
    if (!QFileInfo::exists(path)) return batch;
    database_.emplace(path.toStdString());
  }
  batch.rows = database_->next();
  if (!link_.empty()) {
    batch.link = to_qt(link_);
    batch.link_samples = database_->link_samples(link_, link_after_);
  }
  return batch;
}

QVector<LogChunk> RunFiles::logs() {
  QVector<LogChunk> chunks;
  const QDir folder(folder_ + QStringLiteral("/logs"));
  for (const QFileInfo& info : folder.entryInfoList({QStringLiteral("*.log")}, QDir::Files, QDir::Name)) {
    Log& log = logs_[info.completeBaseName()];
    if (info.size() == log.read) continue;
    QFile file(info.filePath());
    if (!file.open(QIODevice::ReadOnly)) continue;
    LogChunk chunk;
    chunk.name = info.completeBaseName();
    const bool first = log.read == 0;
    if (info.size() < log.read || (first && info.size() > kAtFirst)) {
      log.read = std::max<qint64>(0, info.size() - kAtFirst);
      log.rest.clear();
      chunk.skipped = true;
    }
    file.seek(log.read);
    QByteArray text = file.read(kAtOnce);
    log.read += text.size();
    if (chunk.skipped) text.remove(0, text.indexOf('\n') + 1);
    text.prepend(log.rest);
    const qsizetype whole = text.lastIndexOf('\n') + 1;
    log.rest = text.mid(whole);
    text.truncate(whole);
    chunk.text = std::move(text);
    if (!chunk.text.isEmpty()) chunks.push_back(std::move(chunk));
  }
  return chunks;
}

}  // namespace geomx::gui

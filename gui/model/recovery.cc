#include "gui/model/recovery.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QUrl>
#include <QUuid>

namespace geomx::gui {
namespace {

constexpr int kMostRecent = 10;

QString copies_in(const QString& state_folder) {
  const QString folder = state_folder + QStringLiteral("/recovery");
  QDir().mkpath(folder);
  return folder;
}

QString lock_of(const QString& file) {
  return file + QStringLiteral(".lock");
}

// A lock is anybody's as soon as its process is gone, however old or young it is.
std::unique_ptr<QLockFile> lock_for(const QString& file) {
  auto lock = std::make_unique<QLockFile>(lock_of(file));
  lock->setStaleLockTime(0);
  return lock;
}

}  // namespace

QString state_folder() {
  QString base = qEnvironmentVariable("XDG_STATE_HOME");
  if (!base.startsWith(QLatin1Char('/'))) base = QDir::homePath() + QStringLiteral("/.local/state");
  const QString folder = base + QStringLiteral("/geomx-emu/gui");
  QDir().mkpath(folder);
  return folder;
}

// A copy is one line with the scenario's path, percent-encoded, and then the text.
QList<Recovered> left_behind(const QString& state_folder) {
  QList<Recovered> found;
  const QDir folder(copies_in(state_folder));
  for (const QFileInfo& info : folder.entryInfoList({QStringLiteral("*.copy")}, QDir::Files, QDir::Time)) {
    const std::unique_ptr<QLockFile> lock = lock_for(info.filePath());
    if (!lock->tryLock(0)) continue;  // its program lives
    lock->unlock();
    QFile file(info.filePath());
    if (!file.open(QIODevice::ReadOnly)) continue;
    const QByteArray first_line = file.readLine();
    found.append(
        {info.filePath(), QUrl::fromPercentEncoding(first_line.trimmed()), info.lastModified(), file.readAll()});
  }
  return found;
}

void discard(const Recovered& copy) {
  QFile::remove(copy.file);
}

RecoveryCopy::RecoveryCopy(const QString& state_folder)
    : file_(copies_in(state_folder) + QLatin1Char('/') + QUuid::createUuid().toString(QUuid::WithoutBraces) +
            QStringLiteral(".copy")) {}

RecoveryCopy::~RecoveryCopy() {
  remove();
}

bool RecoveryCopy::write(const QByteArray& text, const QString& path) {
  if (!lock_) {
    lock_ = lock_for(file_);
    if (!lock_->tryLock(0)) {
      lock_.reset();
      return false;
    }
  }
  QSaveFile file(file_);
  if (!file.open(QIODevice::WriteOnly)) return false;
  file.write(QUrl::toPercentEncoding(path, "/") + '\n' + text);
  return file.commit();
}

void RecoveryCopy::remove() {
  QFile::remove(file_);
  lock_.reset();
}

RecentFiles::RecentFiles(const QString& state_folder) : file_(state_folder + QStringLiteral("/recent")) {}

QStringList RecentFiles::paths() const {
  QFile file(file_);
  if (!file.open(QIODevice::ReadOnly)) return {};
  QStringList found;
  for (const QString& path : QString::fromUtf8(file.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
    if (QFileInfo::exists(path)) found.append(path);
  }
  return found.mid(0, kMostRecent);
}

void RecentFiles::add(const QString& path) {
  const QString absolute = QFileInfo(path).absoluteFilePath();
  QStringList all = paths();
  all.removeAll(absolute);
  all.prepend(absolute);
  QSaveFile file(file_);
  if (!file.open(QIODevice::WriteOnly)) return;  // what was used last is a convenience
  file.write(all.mid(0, kMostRecent).join(QLatin1Char('\n')).toUtf8());
  file.commit();
}

void RecentFiles::clear() {
  QFile::remove(file_);
}

}  // namespace geomx::gui

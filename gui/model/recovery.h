#pragma once

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QLockFile>
#include <QString>
#include <QStringList>
#include <memory>

namespace geomx::gui {

// $XDG_STATE_HOME/geomx-emu/gui, or the same in ~/.local/state; made where it is missing.
QString state_folder();

// The text of a document that was being edited when its program ended without warning.
struct Recovered {
  QString file;    // the copy
  QString path;    // of the scenario that it is of; empty: it had none
  QDateTime time;  // of the copy
  QByteArray text;
};

// Copies that no living program has in hand, newest first.
QList<Recovered> left_behind(const QString& state_folder);
void discard(const Recovered& copy);

// The copy of one document. It is there while the document has unsaved changes; a lock beside it, which the kernel
// forgets with its process, tells a crash from a program that is still running.
class RecoveryCopy {
 public:
  explicit RecoveryCopy(const QString& state_folder);
  ~RecoveryCopy();  // removes it
  RecoveryCopy(const RecoveryCopy&) = delete;
  RecoveryCopy& operator=(const RecoveryCopy&) = delete;

  // False where it could not be written (a full disk must not stop anybody from editing).
  bool write(const QByteArray& text, const QString& path);
  void remove();
  const QString& file() const { return file_; }

 private:
  QString file_;
  std::unique_ptr<QLockFile> lock_;
};

// Paths of scenarios, the last one used first; at most ten. Kept in the state folder.
class RecentFiles {
 public:
  explicit RecentFiles(const QString& state_folder);
  QStringList paths() const;  // those that are still there
  void add(const QString& path);
  void clear();

 private:
  QString file_;
};

}  // namespace geomx::gui

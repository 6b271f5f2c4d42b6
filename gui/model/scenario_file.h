#pragma once

#include <QFileSystemWatcher>
#include <QObject>
#include <QTimer>
#include <optional>

#include "gui/model/document.h"
#include "gui/model/positions.h"
#include "gui/model/recovery.h"

namespace geomx::gui {

// A document and its file: opening, saving, noticing that somebody else has changed it, and a copy for the case of a
// crash. What fails throws geomx::Error (what was attempted, on which file, what to do) and changes nothing.
class ScenarioFile : public QObject {
  Q_OBJECT

 public:
  // `state_folder` holds the copies (state_folder() of recovery.h, a folder of its own in tests).
  ScenarioFile(Document& document, Positions& positions, const QString& state_folder, QObject* parent = nullptr);
  ~ScenarioFile() override;

  QString path() const;      // absolute; empty: it has none yet
  QString title() const;     // the file's name, or "untitled.json"
  bool is_modified() const;  // the text, or the positions, are not those of the file

  void create(const QByteArray& text);  // a new document without a file: empty_scenario(), a template, an import
  void open(const QString& path);       // also one with errors in it
  void save();                          // REQUIRES: it has a path
  void save_as(const QString& path);
  // A copy that a crash has left: its text over the file that it is of, as unsaved changes.
  void recover(const Recovered& copy);

  // An empty network that is ready to be drawn in.
  static QByteArray empty_scenario(const QString& name = QStringLiteral("untitled"));

  // --- Of changes on disk: what is there now becomes the document (one step, which can be undone), or is left alone
  // until it changes again.
  void reload();
  void keep_mine();

 signals:
  void path_changed();
  void modified_changed(bool modified);
  // Somebody else has written the file (not by save()); `gone`: or removed it. Sent once per change.
  void changed_on_disk(bool gone);

 private:
  void load(const QString& path, const QByteArray& text, const QByteArray& sidecar);
  void watch();
  void check_disk();
  void update_modified();
  void write(const QString& path);

  Document& document_;
  Positions& positions_;
  QByteArray saved_text_;  // as the file has it, as far as we know
  bool gone_ = false;      // the file
  bool modified_ = false;
  bool loading_ = false;                 // half of the document is still the one before
  std::optional<QByteArray> announced_;  // what is on disk and has been announced; empty text: nothing is there
  QFileSystemWatcher watcher_;
  QTimer settle_;    // after the watcher's signals, which come in the middle of other programs' writing
  QTimer autosave_;  // after a change
  RecoveryCopy copy_;
};

}  // namespace geomx::gui

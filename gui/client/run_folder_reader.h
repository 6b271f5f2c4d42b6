#pragma once

#include <QObject>
#include <QString>
#include <QTimer>
#include <QVector>
#include <memory>
#include <optional>

#include "gui/client/run_rows.h"
#include "gui/client/work_thread.h"

namespace geomx::gui {

class RunFiles;

// Follows the folder of a run, one that goes on or an old one, whoever has started it: what run.sqlite has gained and
// what the logs have grown by, four times a second. Reads in a thread of its own; signals come in the GUI's. A folder
// that is not there yet is waited for.
class RunFolderReader : public QObject {
  Q_OBJECT

 public:
  explicit RunFolderReader(QObject* parent = nullptr);
  ~RunFolderReader() override;

  // From its beginning. `cleared` first: what was shown belongs to another run.
  void follow(const QString& folder);
  void stop();                                            // what was read stays with whoever has it
  const QString& folder() const { return folder_name_; }  // empty: none
  const std::optional<RunFacts>& facts() const { return facts_; }
  // One link's samples come too, from the beginning; every half second. Empty: none.
  void follow_link(const QString& link);

 signals:
  void cleared();
  void opened(const geomx::gui::RunFacts& facts);  // again when it has ended
  void summarised(const QByteArray& summary);      // it has ended, and this is its summary.json
  void read(const geomx::gui::RunBatch& batch);
  void logged(const QVector<geomx::gui::LogChunk>& chunks);
  void trouble(const QString& why);  // it cannot be read; tried again

 private:
  void look();

  QString folder_name_;
  QString link_;  // that is followed, in whatever folder
  std::optional<RunFacts> facts_;
  QString last_trouble_;
  QTimer timer_;
  bool looking_ = false;
  quint64 generation_ = 0;           // of follow(): what belongs to an earlier folder is dropped
  std::shared_ptr<RunFiles> files_;  // used by the thread alone
  WorkThread thread_;                // last: it ends first
};

}  // namespace geomx::gui

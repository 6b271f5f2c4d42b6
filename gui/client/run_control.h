#pragma once

#include <QObject>
#include <QString>
#include <QVector>

#include "gui/client/feed_history.h"
#include "gui/client/lab_list.h"
#include "gui/client/lab_session.h"
#include "gui/client/run_folder_reader.h"
#include "gui/client/run_process.h"

namespace geomx::gui {

// All that the live panels look at, joined: a command that the GUI has started, the lab that came of it or that was
// attached to, and the run folder of that. A run that somebody else has started looks the same as one's own. For the
// GUI's thread.
class RunControl : public QObject {
  Q_OBJECT

 public:
  explicit RunControl(QObject* parent = nullptr);
  // Leaves labs and runs running.
  ~RunControl() override;

  LabSession& session() { return session_; }
  RunFolderReader& reader() { return reader_; }
  RunProcess& process() { return process_; }
  LabList& labs() { return labs_; }
  const FeedHistory& history() const { return history_; }

  // What can be done now; `changed` tells when that may have become different.
  bool can_check() const;   // and doctor
  bool can_start() const;   // up and run
  bool can_stop() const;    // there is a command to be stopped
  bool can_down() const;    // there is a lab to be ended
  bool can_detach() const;  // there is a lab, or a run of one's own, to be left running

  // The file as it is on disk; empty: nothing to start.
  void set_scenario(const QString& path);
  const QString& scenario() const { return scenario_; }
  // For every `run` and `up` from now on.
  void set_options(const RunOptions& options) { options_ = options; }
  const RunOptions& options() const { return options_; }

  // Each does nothing where it cannot be done.
  void check();
  void doctor();
  void up();
  void run();
  void stop();                           // what is going on, as Ctrl-C does
  void down();                           // the lab that is attached
  void attach(const QString& lab);       // and the folder of its run, where it has one
  void detach();                         // leaves both running
  void open_run(const QString& folder);  // an old one: its folder alone

 signals:
  void changed();
  void complained(const geomx::gui::Complaint& complaint);
  void task_started(geomx::gui::Task task);
  void task_finished(const geomx::gui::TaskResult& result);

 private:
  void take(const LabFacts& facts);

  RunProcess process_;
  LabSession session_;
  RunFolderReader reader_;
  LabList labs_;
  FeedHistory history_;
  QString scenario_;
  RunOptions options_;
};

}  // namespace geomx::gui

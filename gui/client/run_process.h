#pragma once

#include <QByteArray>
#include <QObject>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <optional>

#include "gui/client/complaint.h"

namespace geomx::gui {

enum class Task { none, check, doctor, up, run, down };

// How far a command has got; what is not known is unset.
struct RunProgress {
  QString step;  // something that has just been done; empty: only numbers
  double elapsed_seconds = 0;
  std::optional<qint64> done;   // rounds of training, commands of a workload, steps of bringing up
  std::optional<qint64> total;  // of them
  std::optional<double> loss;
  std::optional<double> test_accuracy;
  std::optional<double> samples_per_second;
  QString waiting_for;
};

struct TaskResult {
  Task task = Task::none;
  int exit_code = -1;    // -1: it could not be started, or a signal has killed it
  bool stopped = false;  // on request
  QByteArray output;     // standard output: for check, doctor and run a JSON document
  QString error;         // one line; empty where the exit code is 0
};

struct RunOptions {
  QString run_folder;    // empty: runs/NAME-DATE-TIME in `directory`
  QString name;          // of the lab that `up` makes; empty: the scenario's
  QStringList settings;  // PATH=VALUE, as --set takes them
  QString directory;     // that the command runs in; empty: the GUI's own
  std::optional<quint64> seed;
  QString shaper;  // auto, tc, wire; empty: auto
};

// One command of geomx-emu at a time, as a process beside the GUI: what the GUI does, a terminal can do as well. The
// program is the one beside the GUI's own, else the one in PATH. A run is in a session of its own and does not end with
// the GUI: neither by Ctrl-C in its terminal nor by its death.
class RunProcess : public QObject {
  Q_OBJECT

 public:
  explicit RunProcess(QObject* parent = nullptr);
  // A run or an `up` goes on (leave); a check ends.
  ~RunProcess() override;

  static QString find_program();  // empty: neither here nor in PATH

  Task task() const { return task_; }  // none: free for the next one
  bool stopping() const { return stopping_; }
  // Known from its start on, of a run alone.
  const QString& run_folder() const { return run_folder_; }
  const QString& lab() const { return lab_name_; }  // of a run or an `up`, once it is up

  // REQUIRES: task() == Task::none.
  void check(const QString& scenario);
  void doctor();
  void up(const QString& scenario, const RunOptions& options);  // detached: the lab stays when the GUI ends
  void run(const QString& scenario, const RunOptions& options);
  void down(const QString& lab);

  // As Ctrl-C does: a run takes its lab down and keeps its results so far. `finished` tells when that is over; a second
  // call kills it, and its lab with it.
  void stop();
  // Lets it go on without the GUI; task() is none at once, and `finished` does not come.
  void leave();

 signals:
  void started(geomx::gui::Task task);
  void progressed(const geomx::gui::RunProgress& progress);
  void complained(const geomx::gui::Complaint& complaint);
  void folder_known(const QString& folder);  // of a run: it is there, and nothing is in it yet
  void lab_up(const QString& lab);           // what a run or an `up` has made can be attached to
  void finished(const geomx::gui::TaskResult& result);

 private:
  void start(Task task, const QStringList& arguments, const QString& directory);
  QStringList arguments_of(const QString& command, const QString& scenario, const RunOptions& options) const;
  void read_errors(bool to_the_end);
  void take_line(const QByteArray& line);
  void take_progress(const QByteArray& line);
  void end(int exit_code, const QString& error);

  QProcess* process_ = nullptr;
  Task task_ = Task::none;
  bool stopping_ = false;
  QString run_folder_;
  QString lab_name_;
  QByteArray output_;
  QByteArray rest_;  // of standard error, without its newline yet
  QString last_complaint_;
};

}  // namespace geomx::gui

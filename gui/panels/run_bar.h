#pragma once

#include <QWidget>

#include "gui/client/run_control.h"

class QLabel;
class QProgressBar;
class QToolButton;

namespace geomx::gui {

class StateLight;

// The controls of a run: check, up, run, stop, down, attach, detach, doctor; how far the command at hand has got; the
// lab's state as a light with words, and its fidelity. Every button has a mnemonic; a window may add shortcuts of its
// own.
class RunBar : public QWidget {
  Q_OBJECT

 public:
  explicit RunBar(RunControl& control, QWidget* parent = nullptr);

  // A window that has the document says that it takes starts over: it saves the file, calls RunControl::set_scenario
  // and then check, up or run. Else the bar calls these itself.
  void hand_over_starts();

 signals:
  void start_asked(geomx::gui::Task task);  // check, up or run

 private:
  QToolButton* add_button(const QString& drawing, const QString& text, const QString& tip);
  void start(Task task);
  void attach();
  void show_state();
  void show_begin(Task task);
  void show_progress(const RunProgress& progress);
  void show_end(const TaskResult& result);
  void show_fidelity(const control::WatchedFidelity& fidelity);

  RunControl& control_;
  bool handed_over_ = false;
  QToolButton* check_;
  QToolButton* up_;
  QToolButton* run_;
  QToolButton* stop_;
  QToolButton* down_;
  QToolButton* attach_;
  QToolButton* detach_;
  QToolButton* doctor_;
  QProgressBar* bar_;
  QLabel* progress_;
  StateLight* light_;
  QLabel* state_;
  QLabel* fidelity_;
};

}  // namespace geomx::gui

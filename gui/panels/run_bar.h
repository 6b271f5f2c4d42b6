#pragma once

#include <QWidget>

#include "gui/client/run_control.h"

class QLabel;
class QProgressBar;
class QToolButton;

namespace geomx::gui {

class StateLight;

// One line of controls: check, up, run, stop, down, attach, detach; how far the command at hand has got; the lab's
// state as a light with words, and its fidelity.
class RunBar : public QWidget {
  Q_OBJECT

 public:
  explicit RunBar(RunControl& control, QWidget* parent = nullptr);

 signals:
  // The user wants to start something, and RunControl's scenario may be out of date. Whoever has the document saves it,
  // calls set_scenario, and then RunControl::check, up or run; where nobody is connected the bar calls them itself.
  void start_asked(geomx::gui::Task task);
  void attach_asked();  // whoever shows the lab list; where nobody is connected the bar opens it as a dialog

 private:
  QToolButton* add_button(const QString& text, const QString& tip, const QKeySequence& keys);
  void start(Task task);
  void attach();
  void show_state();
  void show_progress(const RunProgress& progress);
  void show_end(const TaskResult& result);
  void show_fidelity(const control::WatchedFidelity& fidelity);

  RunControl& control_;
  QToolButton* check_;
  QToolButton* up_;
  QToolButton* run_;
  QToolButton* stop_;
  QToolButton* down_;
  QToolButton* attach_;
  QToolButton* detach_;
  QProgressBar* bar_;
  QLabel* progress_;
  StateLight* light_;
  QLabel* state_;
  QLabel* fidelity_;
};

}  // namespace geomx::gui

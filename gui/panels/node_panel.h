#pragma once

#include <QWidget>

#include "gui/client/run_control.h"

class QComboBox;
class QLabel;
class QPushButton;

namespace geomx::gui {

// One node of the running lab: its state, and what can be done to it: kill, restart, pause, resume.
class NodePanel : public QWidget {
  Q_OBJECT

 public:
  explicit NodePanel(RunControl& control, QWidget* parent = nullptr);

  void set_node(const QString& node);
  const QString& node() const { return node_; }

 signals:
  void node_chosen(const QString& node);     // by the user, here
  void terminal_asked(const QString& node);  // the user's terminal, with `geomx-emu shell`

 private:
  void list_nodes();
  void show_node();
  void act(const QString& action);

  RunControl& control_;
  QString node_;
  QComboBox* nodes_;
  QLabel* state_;
  QPushButton* kill_;
  QPushButton* restart_;
  QPushButton* pause_;
  QPushButton* resume_;
  QPushButton* terminal_;
  QLabel* message_;
};

}  // namespace geomx::gui

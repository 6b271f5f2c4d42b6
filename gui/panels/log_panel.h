#pragma once

#include <QTimer>
#include <QWidget>

#include "gui/client/run_control.h"
#include "gui/panels/log_store.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;

namespace geomx::gui {

// What the processes of a node have printed, with a filter; or of all nodes, each line with its node.
class LogPanel : public QWidget {
  Q_OBJECT

 public:
  explicit LogPanel(RunControl& control, QWidget* parent = nullptr);

  void set_node(const QString& node);  // what is selected elsewhere; nothing where it has no log
  QString text() const;                // what is shown

 private:
  void add(const QVector<LogChunk>& chunks);
  void clear();
  void list_logs();
  void remark(const QString& text);  // empty: none
  void refill();
  QString shown(const LogStore::Line& line) const;  // null: filtered out
  QString log() const;                              // empty: all

  LogStore store_;
  QComboBox* logs_;
  QLineEdit* filter_;
  QCheckBox* follow_;
  QPlainTextEdit* view_;
  QLabel* remark_;
  QTimer refill_;
};

}  // namespace geomx::gui

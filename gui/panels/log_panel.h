#pragma once

#include <QHash>
#include <QTimer>
#include <QWidget>

#include "gui/client/run_control.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QCheckBox;

namespace geomx::gui {

class LogStore;

// What the processes of a node have printed, with a filter; or of all nodes, each line with its node.
class LogPanel : public QWidget {
  Q_OBJECT

 public:
  explicit LogPanel(RunControl& control, QWidget* parent = nullptr);
  ~LogPanel() override;

  void set_node(const QString& node);  // what is selected elsewhere; nothing where it has no log
  QString text() const;                // what is shown

 private:
  void add(const QVector<LogChunk>& chunks);
  void clear();
  void refill();

  std::unique_ptr<LogStore> store_;
  QComboBox* nodes_;
  QLineEdit* filter_;
  QCheckBox* follow_;
  QPlainTextEdit* view_;
  QLabel* remark_;
  QTimer refill_;
};

}  // namespace geomx::gui

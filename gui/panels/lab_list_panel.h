#pragma once

#include <QDialog>
#include <QTimer>
#include <QWidget>

#include "gui/client/run_control.h"

class QHBoxLayout;
class QLabel;
class QPushButton;
class QTableWidget;

namespace geomx::gui {

// The labs that run, to be attached to. Looks again every two seconds while it is seen.
class LabListPanel : public QWidget {
  Q_OBJECT

 public:
  explicit LabListPanel(RunControl& control, QWidget* parent = nullptr);
  QString selected() const;              // empty: none
  void add_button(QPushButton* button);  // beside that which attaches

 signals:
  void chosen();  // the one that is selected has been attached to

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void show_labs(const QVector<LabListing>& labs);
  void attach();

  RunControl& control_;
  QTableWidget* table_;
  QLabel* remark_;
  QPushButton* attach_;
  QHBoxLayout* buttons_;
  QTimer timer_;
};

// The same as a dialog, closed by a choice.
class LabListDialog : public QDialog {
  Q_OBJECT

 public:
  explicit LabListDialog(RunControl& control, QWidget* parent = nullptr);
};

}  // namespace geomx::gui

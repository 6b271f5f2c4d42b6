#pragma once

#include <QJsonObject>
#include <QWidget>

#include "gui/client/run_control.h"

class QPushButton;
class QTextBrowser;

namespace geomx::gui {

class ElidedLabel;

// What came of the run that is followed, once it has ended: its summary as a page, and the way to its folder.
class ReportPanel : public QWidget {
  Q_OBJECT

 public:
  explicit ReportPanel(RunControl& control, QWidget* parent = nullptr);

  QString text() const;  // of the page, without its marks; for a run that goes on, that it does

 signals:
  void ready();  // there is a page now

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void clear();
  void show_summary(const QByteArray& summary);
  void redraw();

  RunControl& control_;
  QJsonObject summary_;  // empty: none
  QString folder_;
  QTextBrowser* page_;
  ElidedLabel* where_;
  QPushButton* open_;
};

}  // namespace geomx::gui

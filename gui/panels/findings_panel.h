#pragma once

#include <QWidget>

#include "gui/client/run_control.h"

class QJsonObject;
class QLabel;
class QPushButton;
class QTreeWidget;

namespace geomx::gui {

// What check, doctor and the commands have found, in words: how bad, where, what, and what to do about it.
class FindingsPanel : public QWidget {
  Q_OBJECT

 public:
  explicit FindingsPanel(RunControl& control, QWidget* parent = nullptr);
  int count() const;

 signals:
  // A finding has been activated whose place is known: "FILE:LINE:COLUMN" or a JSON pointer.
  void place_activated(const QString& where);

 private:
  enum class Weight { good, note, bad };
  void put(Weight weight, const QString& what, const QString& found, const QString& where);
  void begin(Task task);
  void add(const Complaint& complaint);
  void finish(const TaskResult& result);
  void show_doctor(const QJsonObject& document);
  void show_check(const QJsonObject& document);

  RunControl& control_;
  QLabel* title_;
  QTreeWidget* list_;
  QPushButton* doctor_;
};

}  // namespace geomx::gui

#pragma once

#include <QLineEdit>

#include "gui/model/topology_model.h"

namespace geomx::gui {

// A field over the canvas with the name of one thing. Enter renames, or says why not; Escape and clicking elsewhere
// leave the name as it was. Deletes itself.
class RenameField : public QLineEdit {
  Q_OBJECT

 public:
  RenameField(TopologyModel& model, const QString& id, QWidget* parent);
  void show_at(QPoint center);

 signals:
  void done();

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;

 private:
  void finish();

  TopologyModel& model_;
  QString id_;
};

}  // namespace geomx::gui

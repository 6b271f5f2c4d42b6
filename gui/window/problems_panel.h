#pragma once

#include <QTreeWidget>

#include "gui/model/topology_model.h"

namespace geomx::gui {

// All that is wrong with the document. Activating one leads to what it is about, or to its line of the text.
class ProblemsPanel : public QWidget {
  Q_OBJECT

 public:
  explicit ProblemsPanel(TopologyModel& model, QWidget* parent = nullptr);
  QTreeWidget* list() const { return list_; }

 signals:
  void chosen(const geomx::gui::Problem& problem);
  void counted(int problems);

 private:
  void refill();
  void activate(QTreeWidgetItem* row);

  TopologyModel& model_;
  QTreeWidget* list_;
};

}  // namespace geomx::gui

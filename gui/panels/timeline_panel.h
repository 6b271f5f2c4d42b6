#pragma once

#include <QWidget>

#include "gui/client/run_control.h"

class QCheckBox;

namespace geomx::gui {

class TimelineView;

// What each node's rounds were spent on, as a Gantt chart with a row per node, and above it the events of the lab and
// of the job.
class TimelinePanel : public QWidget {
  Q_OBJECT

 public:
  explicit TimelinePanel(RunControl& control, QWidget* parent = nullptr);

  TimelineView& view() { return *view_; }

 private:
  TimelineView* view_;
  QCheckBox* follow_;
};

}  // namespace geomx::gui

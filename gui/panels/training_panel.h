#pragma once

#include <QHash>
#include <QTimer>
#include <QWidget>
#include <array>

#include "gui/client/run_control.h"

class QCPGraph;
class QCustomPlot;
class QLabel;

namespace geomx::gui {

// How the training goes: loss and samples per second of each worker and of all, test accuracy, bytes over the WAN.
class TrainingPanel : public QWidget {
  Q_OBJECT

 public:
  explicit TrainingPanel(RunControl& control, QWidget* parent = nullptr);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  enum Chart { loss, accuracy, speed, wan, kCharts };
  struct Worker;
  void add(const RunBatch& batch);
  void clear();
  Worker& worker(const QString& node);
  void redraw();
  void restyle();

  std::array<QCustomPlot*, kCharts> plots_{};
  QCPGraph* all_loss_;
  QCPGraph* accuracy_;
  QCPGraph* all_speed_;
  QCPGraph* wan_;
  QLabel* now_;
  QHash<QString, std::shared_ptr<Worker>> workers_;
  QTimer redraw_;
  bool fresh_ = false;
};

}  // namespace geomx::gui

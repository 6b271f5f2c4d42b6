#pragma once

#include <QMap>
#include <QTimer>
#include <QWidget>
#include <array>

#include "gui/client/run_control.h"
#include "gui/panels/training_series.h"

class QCheckBox;
class QCPGraph;
class QCustomPlot;

namespace geomx::gui {

class ChartKey;

// How the training goes: loss and samples per second of each worker and of all, test accuracy, bytes over the WAN.
class TrainingPanel : public QWidget {
  Q_OBJECT

 public:
  explicit TrainingPanel(RunControl& control, QWidget* parent = nullptr);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  enum Chart { loss, accuracy, speed, wan, kCharts };
  struct Worker {
    QCPGraph* loss = nullptr;
    QCPGraph* speed = nullptr;
    int index = 0;  // in the order in which they came, from 1
  };
  void clear();
  void redraw();
  void show_workers();
  void show_key(const QStringList& figures);
  QColor worker_colour(int index) const;  // from 1
  void restyle();

  RunControl& control_;
  TrainingSeries series_;
  std::array<QCustomPlot*, kCharts> plots_{};
  std::array<QCPGraph*, kCharts> all_{};
  QMap<QString, Worker> workers_;
  QCheckBox* each_;
  ChartKey* key_;
  QTimer redraw_;
  bool fresh_ = false;
};

}  // namespace geomx::gui

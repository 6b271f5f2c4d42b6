#pragma once

#include <QTimer>
#include <QWidget>
#include <array>

#include "gui/client/run_control.h"

class QComboBox;
class QCPGraph;
class QCustomPlot;
class QLabel;

namespace geomx::gui {

// One link over time: throughput per direction beside its limit, queue, drops, and round trip. The last two minutes
// come from the feed; of an old run, all of it from its folder.
class LinkChartPanel : public QWidget {
  Q_OBJECT

 public:
  explicit LinkChartPanel(RunControl& control, QWidget* parent = nullptr);

  void set_link(const QString& link);  // what is selected elsewhere
  const QString& link() const { return link_; }

 signals:
  void link_chosen(const QString& link);  // by the user, here

 protected:
  void changeEvent(QEvent* event) override;

 private:
  enum Chart { throughput, queue, drops, round_trip, kCharts };
  struct Plot {
    QCustomPlot* plot = nullptr;
    std::array<QCPGraph*, 2> ways{};    // forward, backward; of the round trip the first alone
    std::array<QCPGraph*, 2> limits{};  // of throughput alone
  };
  void make_plots();
  void list_links();
  void redraw();
  void show_live(const LinkSeries& series);
  void show_recorded();
  void restyle();

  RunControl& control_;
  QString link_;
  QComboBox* links_;
  QLabel* now_;
  std::array<Plot, kCharts> plots_;
  QTimer redraw_;  // however fast the feed comes, so often
  bool fresh_ = false;
  std::vector<run::LinkSampleRow> recorded_;
};

}  // namespace geomx::gui

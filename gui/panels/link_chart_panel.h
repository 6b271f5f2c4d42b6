#pragma once

#include <QTimer>
#include <QWidget>
#include <array>
#include <vector>

#include "gui/client/run_control.h"

class QComboBox;
class QCPGraph;
class QCustomPlot;

namespace geomx::gui {

class ChartKey;

// One link over time: throughput per direction beside its limit, queue, drops, and delays. Of a lab that is attached
// the last two minutes; of an old run all of it, out of its folder.
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
  enum Chart { throughput, queue, drops, delay, kCharts };
  struct Plot {
    QCustomPlot* plot = nullptr;
    std::array<QCPGraph*, 2> ways{};  // forward, backward
    QCPGraph* other = nullptr;        // of throughput the limit, of delay the round trip
  };
  void make_plots();
  void list_links(const QStringList& links);
  void choose(const QString& link);
  void redraw();
  void show_series(const LinkSeries& series, double end);
  void show_now(const LinkSeries& series);
  void restyle();

  RunControl& control_;
  QString link_;
  QComboBox* links_;
  ChartKey* key_;
  std::array<Plot, kCharts> plots_;
  QTimer redraw_;  // so often, however fast the feed comes
  bool fresh_ = false;
  std::vector<run::LinkSampleRow> recorded_;
};

}  // namespace geomx::gui

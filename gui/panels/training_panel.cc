#include "gui/panels/training_panel.h"

#include <qcustomplot.h>

#include <QCheckBox>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "gui/client/text.h"
#include "gui/panels/chart_key.h"
#include "gui/panels/theme.h"

namespace geomx::gui {
namespace {

constexpr std::chrono::milliseconds kRedraw(250);
constexpr int kMostInKey = 6;

void draw(QCPGraph& graph, const Line& line) {
  QVector<double> times;
  QVector<double> values;
  times.reserve(static_cast<qsizetype>(line.size()));
  values.reserve(static_cast<qsizetype>(line.size()));
  for (const auto& [time, value] : line) {
    times.push_back(time);
    values.push_back(value);
  }
  graph.setData(times, values);
}

}  // namespace

TrainingPanel::TrainingPanel(RunControl& control, QWidget* parent)
    : QWidget(parent), control_(control), each_(new QCheckBox(tr("&Each worker"), this)), key_(new ChartKey(this)) {
  const std::array<QString, kCharts> titles{tr("training loss"), tr("test accuracy, %"), tr("samples per second"),
                                            tr("over the WAN, MB")};
  auto* grid = new QGridLayout;
  for (int chart = 0; chart < kCharts; ++chart) {
    plots_[chart] = make_plot(titles[chart], this);
    all_[chart] = plots_[chart]->addGraph();
    all_[chart]->setLayer(QStringLiteral("axes"));  // above the workers' lines
    grid->addWidget(plots_[chart], chart / 2, chart % 2);
  }
  all_[accuracy]->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, 6));
  each_->setChecked(true);
  each_->setToolTip(tr("A thin line for each worker beside that of all"));
  auto* top = new QHBoxLayout;
  top->addWidget(key_, 1);
  top->addWidget(each_);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addLayout(grid, 1);
  restyle();
  show_key({});

  connect(each_, &QCheckBox::toggled, this, [this] { fresh_ = true; });
  connect(&control_.reader(), &RunFolderReader::cleared, this, &TrainingPanel::clear);
  connect(&control_.reader(), &RunFolderReader::read, this, [this](const RunBatch& batch) {
    series_.add(batch);
    fresh_ = true;
  });
  redraw_.setInterval(kRedraw);
  connect(&redraw_, &QTimer::timeout, this, [this] {
    if (isVisible() && std::exchange(fresh_, false)) redraw();
  });
  redraw_.start();
}

void TrainingPanel::clear() {
  series_.clear();
  for (const Worker& worker : std::as_const(workers_)) {
    plots_[loss]->removeGraph(worker.loss);
    plots_[speed]->removeGraph(worker.speed);
  }
  workers_.clear();
  fresh_ = true;
}

// The first colour is that of all workers together.
QColor TrainingPanel::worker_colour(int index) const {
  return line_colour(1 + (index - 1) % 5, palette());
}

void TrainingPanel::show_workers() {
  for (const auto& [name, lines] : series_.workers()) {
    Worker& worker = workers_[to_qt(name)];
    if (worker.loss == nullptr) {
      const int index = worker.index = static_cast<int>(workers_.size());
      for (auto [chart, graph] : {std::pair(loss, &worker.loss), std::pair(speed, &worker.speed)}) {
        *graph = plots_[chart]->addGraph();
        (*graph)->setPen(QPen(worker_colour(index), 1));
      }
    }
    draw(*worker.loss, lines.loss);
    draw(*worker.speed, lines.speed);
    worker.loss->setVisible(each_->isChecked());
    worker.speed->setVisible(each_->isChecked());
  }
}

void TrainingPanel::redraw() {
  show_workers();
  const std::array<const Line*, kCharts> lines{&series_.loss(), &series_.accuracy(), &series_.speed(), &series_.wan()};
  QStringList words;
  const std::array<QString, kCharts> texts{tr("loss %1"), tr("accuracy %1 %"), tr("%1 samples/s"),
                                           tr("%1 MB over the WAN")};
  const std::array<int, kCharts> decimals{3, 1, 0, 1};
  for (int chart = 0; chart < kCharts; ++chart) {
    draw(*all_[chart], *lines[chart]);
    QCustomPlot& plot = *plots_[chart];
    plot.xAxis->setRange(0, 1.02 * std::max(1.0, series_.end()));
    plot.yAxis->rescale(true);
    const QCPRange range = plot.yAxis->range();
    plot.yAxis->setRange(0, chart == accuracy ? 100 : std::max(range.upper * 1.05, 1e-3));
    plot.replot(QCustomPlot::rpQueuedReplot);
    if (!lines[chart]->empty()) words << texts[chart].arg(lines[chart]->back().second, 0, 'f', decimals[chart]);
  }
  show_key(words);
}

// What all have come to, and whose line has which colour.
void TrainingPanel::show_key(const QStringList& figures) {
  QVector<ChartKey::Entry> entries;
  if (!figures.isEmpty()) {
    entries.push_back({line_colour(0, palette()), tr("all workers: %1").arg(figures.join(QStringLiteral(" \u00b7 ")))});
  }
  if (each_->isChecked()) {
    for (auto worker = workers_.cbegin(); worker != workers_.cend(); ++worker) {
      if (worker->index <= kMostInKey) entries.push_back({worker_colour(worker->index), worker.key()});
    }
    const auto more = static_cast<int>(workers_.size()) - kMostInKey;
    if (more > 0) entries.push_back({{}, tr("and %1 more").arg(more)});
  }
  if (entries.isEmpty()) entries.push_back({{}, tr("No training is attached.")});
  key_->show_entries(entries);
}

void TrainingPanel::restyle() {
  for (int chart = 0; chart < kCharts; ++chart) {
    apply_theme(*plots_[chart], *this);
    all_[chart]->setPen(QPen(line_colour(0, palette()), 2.5));
  }
  for (const Worker& worker : std::as_const(workers_)) {
    for (QCPGraph* graph : {worker.loss, worker.speed}) graph->setPen(QPen(worker_colour(worker.index), 1));
  }
  for (QCustomPlot* plot : plots_) plot->replot(QCustomPlot::rpQueuedReplot);
  fresh_ = true;  // the key has the colours, too
}

void TrainingPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) restyle();
}

}  // namespace geomx::gui

#include "gui/panels/link_chart_panel.h"

#include <qcustomplot.h>

#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QSignalBlocker>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "gui/client/text.h"
#include "gui/panels/chart_key.h"
#include "gui/panels/recorded_series.h"
#include "gui/panels/theme.h"

namespace geomx::gui {
namespace {

constexpr std::chrono::milliseconds kRedraw(200);
constexpr double kShown = 120;        // seconds of a feed at most
constexpr double kShownAtLeast = 10;  // likewise

QVector<double> scaled(const std::vector<double>& values, double factor) {
  QVector<double> result(static_cast<qsizetype>(values.size()));
  std::transform(values.begin(), values.end(), result.begin(), [factor](double value) { return value * factor; });
  return result;
}

// The axis from 0 to a little above the largest value, so that a quiet line does not look like a noisy one.
void fit(QCustomPlot& plot, double at_least) {
  double top = at_least;
  for (int i = 0; i < plot.graphCount(); ++i) {
    bool found = false;
    const QCPRange range = plot.graph(i)->getValueRange(found, QCP::sdBoth, plot.xAxis->range());
    if (found && std::isfinite(range.upper)) top = std::max(top, range.upper);
  }
  plot.yAxis->setRange(0, top * 1.1);
}

// Those of the WAN first.
QStringList names_of(const LabFacts& facts) {
  QStringList names;
  for (const bool wan : {true, false}) {
    for (const control::WatchedLink& link : facts.links) {
      if (link.wan == wan) names << to_qt(link.name);
    }
  }
  return names;
}

QString in_words(double value, int decimals) {
  return std::isnan(value) ? QStringLiteral("-") : QString::number(value, 'f', decimals);
}

}  // namespace

LinkChartPanel::LinkChartPanel(RunControl& control, QWidget* parent)
    : QWidget(parent), control_(control), links_(new QComboBox(this)), key_(new ChartKey(this)) {
  links_->setAccessibleName(tr("Link"));
  links_->setMinimumContentsLength(14);
  links_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  make_plots();
  auto* top = new QHBoxLayout;
  top->addWidget(links_);
  top->addWidget(key_, 1);
  auto* grid = new QGridLayout;
  for (int chart = 0; chart < kCharts; ++chart) grid->addWidget(plots_[chart].plot, chart / 2, chart % 2);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addLayout(grid, 1);
  restyle();

  connect(links_, &QComboBox::activated, this, [this] {
    choose(links_->currentText());
    emit link_chosen(link_);
  });
  connect(&control_.session(), &LabSession::attached, this,
          [this](const LabFacts& facts) { list_links(names_of(facts)); });
  connect(&control_.session(), &LabSession::fed, this, [this] { fresh_ = true; });
  connect(&control_.reader(), &RunFolderReader::cleared, this, [this] { recorded_.clear(); });
  connect(&control_.reader(), &RunFolderReader::opened, this, [this](const RunFacts& facts) {
    if (control_.session().lab().isEmpty()) list_links(facts.links);
  });
  connect(&control_.reader(), &RunFolderReader::read, this, [this](const RunBatch& batch) {
    if (batch.link != link_ || batch.link_samples.empty()) return;
    recorded_.insert(recorded_.end(), batch.link_samples.begin(), batch.link_samples.end());
    fresh_ = true;
  });
  redraw_.setInterval(kRedraw);
  connect(&redraw_, &QTimer::timeout, this, [this] {
    if (std::exchange(fresh_, false) && isVisible()) redraw();
  });
  redraw_.start();
  if (control_.session().facts()) list_links(names_of(*control_.session().facts()));
}

void LinkChartPanel::make_plots() {
  const std::array<QString, kCharts> titles{tr("throughput, Mbit/s"), tr("queue, KiB"), tr("drops per second"),
                                            tr("delay, ms")};
  for (int chart = 0; chart < kCharts; ++chart) {
    Plot& plot = plots_[chart];
    plot.plot = make_plot(titles[chart], this);
    for (int way = 0; way < 2; ++way) {
      plot.ways[way] = plot.plot->addGraph();
    }
    if (chart == throughput || chart == delay) plot.other = plot.plot->addGraph();
  }
}

void LinkChartPanel::list_links(const QStringList& links) {
  const QSignalBlocker blocker(links_);
  links_->clear();
  links_->addItems(links);
  const int before = static_cast<int>(links.indexOf(link_));
  links_->setCurrentIndex(before >= 0 ? before : links.isEmpty() ? -1 : 0);
  choose(links_->currentText());
}

void LinkChartPanel::set_link(const QString& link) {
  const int at = links_->findText(link);
  if (at < 0 || link == link_) return;
  links_->setCurrentIndex(at);
  choose(link);
}

void LinkChartPanel::choose(const QString& link) {
  if (link != link_) recorded_.clear();
  link_ = link;
  control_.reader().follow_link(link);
  fresh_ = true;
}

void LinkChartPanel::redraw() {
  const LinkSeries live = control_.history().series(link_);
  if (!live.times.empty()) {
    show_series(live, live.times.back());
  } else {
    show_series(series_of(recorded_), 0);
  }
}

// `end`: the time that is 0 on the axis, for "seconds ago"; 0: the axis shows the run's time.
void LinkChartPanel::show_series(const LinkSeries& series, double end) {
  QVector<double> times(series.times.begin(), series.times.end());
  for (double& time : times) time -= end;
  for (int way = 0; way < 2; ++way) {
    const LinkSeries::Way& from = series.ways[way];
    plots_[throughput].ways[way]->setData(times, scaled(from.bps, 1e-6), true);
    plots_[queue].ways[way]->setData(times, scaled(from.queue_bytes, 1.0 / 1024), true);
    plots_[drops].ways[way]->setData(times, scaled(from.drops, 1), true);
    plots_[delay].ways[way]->setData(times, scaled(from.delay_ms, 1), true);
  }
  plots_[throughput].other->setData(times, scaled(series.ways[0].limit_bps, 1e-6), true);
  plots_[delay].other->setData(times, scaled(series.rtt_ms, 1), true);
  for (int chart = 0; chart < kCharts; ++chart) {
    QCustomPlot& plot = *plots_[chart].plot;
    plot.xAxis->setRange(end > 0 ? std::clamp(times.first(), -kShown, -kShownAtLeast) : 0,
                         end > 0 || times.isEmpty() ? 0 : times.last());
    fit(plot, chart == drops ? 10 : 1);
    plot.replot(QCustomPlot::rpQueuedReplot);
  }
  show_now(series);
}

void LinkChartPanel::show_now(const LinkSeries& series) {
  if (series.times.empty()) {
    key_->show_entries({{{}, tr("Nothing is known of a link yet.")}});
    return;
  }
  QVector<ChartKey::Entry> entries;
  for (int way = 0; way < 2; ++way) {
    const LinkSeries::Way& from = series.ways[way];
    entries.push_back(
        {line_colour(way, palette()), tr("%1 %2 Mbit/s").arg(from.direction, in_words(from.bps.back() * 1e-6, 1))});
  }
  const double round_trip = series.rtt_ms.back();
  entries.push_back({line_colour(2, palette()), std::isnan(round_trip)
                                                    ? tr("limit")
                                                    : tr("limit, round trip %1 ms").arg(in_words(round_trip, 1))});
  key_->show_entries(entries);
}

void LinkChartPanel::restyle() {
  for (const Plot& plot : plots_) {
    apply_theme(*plot.plot, *this);
    for (int way = 0; way < 2; ++way) plot.ways[way]->setPen(QPen(line_colour(way, palette()), 2));
    if (plot.other != nullptr) plot.other->setPen(QPen(line_colour(2, palette()), 1.5, Qt::DashLine));
    plot.plot->replot(QCustomPlot::rpQueuedReplot);
  }
}

void LinkChartPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) restyle();
}

}  // namespace geomx::gui

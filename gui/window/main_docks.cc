// What stands around the canvas.
#include <QApplication>
#include <QDockWidget>
#include <QScrollArea>

#include "gui/canvas/mini_map.h"
#include "gui/panels/findings_panel.h"
#include "gui/panels/inspector.h"
#include "gui/panels/link_chart_panel.h"
#include "gui/panels/link_editor_panel.h"
#include "gui/panels/log_panel.h"
#include "gui/panels/node_panel.h"
#include "gui/panels/report_panel.h"
#include "gui/panels/timeline_panel.h"
#include "gui/panels/training_panel.h"
#include "gui/window/main_window.h"

namespace geomx::gui {

namespace {

// Of what is higher than a small screen, in large type.
QScrollArea* scrolled(QWidget* panel) {
  auto* area = new QScrollArea;
  area->setWidgetResizable(true);
  area->setFrameShape(QFrame::NoFrame);
  area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  area->setWidget(panel);
  return area;
}

}  // namespace

QDockWidget* MainWindow::add_dock(const QString& name, const QString& title, QWidget* panel, Qt::DockWidgetArea area) {
  auto* dock = new QDockWidget(title, this);
  dock->setObjectName(name);
  dock->setWidget(panel);
  dock->setFeatures(QDockWidget::DockWidgetMovable | QDockWidget::DockWidgetFloatable |
                    QDockWidget::DockWidgetClosable);
  if (area != Qt::LeftDockWidgetArea) {
    dock->setTitleBarWidget(new QWidget(dock));  // its tab says it already
    panel->setMinimumHeight(100);
  }
  addDockWidget(area, dock);
  docks_.insert(name, dock);
  return dock;
}

void MainWindow::make_docks() {
  palette_ = new PalettePanel(*view_, this);
  add_dock("palette", tr("Palette"), palette_, Qt::LeftDockWidgetArea);
  auto* map = new MiniMap(*view_, this);
  add_dock("overview", tr("Overview"), map, Qt::LeftDockWidgetArea);

  problems_ = new ProblemsPanel(model_, this);
  text_ = new TextPanel(document_, this);
  connect(problems_, &ProblemsPanel::chosen, this, &MainWindow::show_problem);

  inspector_ = new Inspector(model_, this);
  add_dock("inspector", tr("Inspector"), inspector_, Qt::RightDockWidgetArea);
  connect(&scene_, &CanvasScene::selected, this, [this] { inspector_->show_soon(scene_.subjects()); });
  connect(inspector_, &Inspector::shown_changed, this, [this](const QStringList& ids) {
    if (ids != scene_.subjects()) scene_.select(ids);
  });
}

void MainWindow::make_live_docks() {
  link_editor_ = new LinkEditorPanel(control_, this);
  node_ = new NodePanel(control_, this);
  link_chart_ = new LinkChartPanel(control_, this);
  log_ = new LogPanel(control_, this);
  findings_ = new FindingsPanel(control_, this);

  QDockWidget* inspector = docks_["inspector"];
  tabifyDockWidget(inspector, add_dock("live-link", tr("Live link"), scrolled(link_editor_), Qt::RightDockWidgetArea));
  tabifyDockWidget(inspector, add_dock("live-node", tr("Live node"), node_, Qt::RightDockWidgetArea));

  QDockWidget* first = add_dock("problems", tr("Problems"), problems_, Qt::BottomDockWidgetArea);
  const auto tabbed = [&](const QString& name, const QString& title, QWidget* panel) {
    tabifyDockWidget(first, add_dock(name, title, panel, Qt::BottomDockWidgetArea));
  };
  tabbed("text", tr("Text"), text_);
  tabbed("findings", tr("Findings"), findings_);
  tabbed("link-chart", tr("Link over time"), link_chart_);
  tabbed("training", tr("Training"), new TrainingPanel(control_, this));
  tabbed("timeline", tr("Timeline"), new TimelinePanel(control_, this));
  tabbed("log", tr("Log"), log_);
  auto* report = new ReportPanel(control_, this);
  tabbed("report", tr("Report"), report);
  connect(report, &ReportPanel::ready, this, [this] { raise_dock("report"); });
  // Charts need room, which the others would waste.
  for (const char* name : {"findings", "link-chart", "training", "timeline", "log", "report"}) {
    QDockWidget* dock = docks_[name];
    connect(dock, &QDockWidget::visibilityChanged, this, [this, dock](bool visible) {
      const int wanted = 160 + 12 * fontMetrics().height();
      if (!visible || dock->height() >= wanted - 30) return;
      const int side = right_width();
      resizeDocks({dock}, {wanted}, Qt::Vertical);
      if (side > 0) resizeDocks({docks_["inspector"]}, {side}, Qt::Horizontal);
    });
  }
  first->raise();
  inspector->raise();
  // What is selected in the drawing is what the live panels show, and the other way round.
  connect(&scene_, &CanvasScene::selected, this, [this] {
    const QString name = selected_link();
    if (!name.isEmpty()) {
      link_chart_->set_link(name);
      link_editor_->set_link(name);
    }
    const QString one = scene_.selected_node();
    if (!one.isEmpty()) {
      node_->set_node(one);
      log_->set_node(one);
    }
  });
  const auto reveal_link = [this](const QString& name) { view_->reveal(TopologyModel::link_id(name)); };
  connect(link_chart_, &LinkChartPanel::link_chosen, this, reveal_link);
  connect(link_editor_, &LinkEditorPanel::link_chosen, this, reveal_link);
  connect(node_, &NodePanel::node_chosen, this, [this](const QString& name) { view_->reveal(name); });
  connect(node_, &NodePanel::terminal_asked, this, &MainWindow::open_terminal_in);
  connect(findings_, &FindingsPanel::place_activated, this, [this](const QString& where) {
    const QString id = model_.item_at(where);
    const int line = where.section(':', -2, -2).toInt();
    if (!id.isEmpty()) {
      view_->reveal(id);
    } else if (line > 0) {
      show_line(line, where.section(':', -1).toInt(), where);
    }
  });
}

// Its item on the canvas, and its field in the inspector; where it has none, its line of the text.
void MainWindow::show_problem(const Problem& problem) {
  const QString id = model_.item_at(problem.pointer);
  if (!id.isEmpty()) view_->reveal(id);
  if (inspector_->reveal(problem.pointer)) {
    raise_dock("inspector");
  } else if (problem.line > 0) {
    show_line(problem.line, problem.column, problem.what);
  }
}

// The first time; later the user's own sizes come back.
void MainWindow::size_docks() {
  resizeDocks({docks_["palette"], docks_["inspector"]}, {196, 400}, Qt::Horizontal);
  resizeDocks({docks_["palette"], docks_["overview"]}, {400, 180}, Qt::Vertical);
  resizeDocks({docks_["problems"]}, {170}, Qt::Vertical);
}

// Of the docks on the right, one of which is to be seen; 0: none is.
int MainWindow::right_width() const {
  for (const char* name : {"inspector", "live-link", "live-node"}) {
    if (!docks_[name]->visibleRegion().isEmpty()) return docks_[name]->width();
  }
  return 0;
}

void MainWindow::raise_dock(const QString& name) {
  QDockWidget* dock = docks_.value(name);
  if (dock == nullptr) return;
  dock->show();
  dock->raise();
}

// F6: the keyboard goes from the canvas to one pane after the other.
void MainWindow::step_pane(int by) {
  QList<QWidget*> panes{view_};
  for (const char* name : {"palette", "overview", "inspector", "live-link", "live-node", "problems", "text", "findings",
                           "link-chart", "training", "timeline", "log", "report"}) {
    QDockWidget* dock = docks_.value(name);
    if (dock != nullptr && !dock->visibleRegion().isEmpty()) panes << dock->widget();
  }
  QWidget* now = QApplication::focusWidget();
  qsizetype at = 0;
  for (qsizetype i = 0; i < panes.size(); ++i) {
    if (now != nullptr && (panes[i] == now || panes[i]->isAncestorOf(now))) at = i;
  }
  for (qsizetype tried = 1; tried <= panes.size(); ++tried) {
    QWidget* pane = panes[(at + by * tried + panes.size() * panes.size()) % panes.size()];
    QList<QWidget*> inside = pane->findChildren<QWidget*>();
    inside.prepend(pane);
    for (QWidget* widget : inside) {
      if (!widget->isVisible() || !widget->isEnabled() || !(widget->focusPolicy() & Qt::TabFocus)) continue;
      widget->setFocus(Qt::TabFocusReason);
      return;
    }
  }
}

}  // namespace geomx::gui

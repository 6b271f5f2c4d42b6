#include "gui/window/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDockWidget>
#include <QLabel>
#include <QMenu>
#include <QSettings>
#include <QStatusBar>
#include <QStyle>
#include <QTimer>
#include <QVBoxLayout>

#include "gui/theme/icons.h"
#include "gui/window/tour.h"

namespace geomx::gui {

MainWindow::MainWindow(const QString& state_folder, QWidget* parent)
    : QMainWindow(parent),
      model_(document_),
      positions_(model_),
      file_(document_, positions_, state_folder),
      scene_(model_, positions_) {
  setWindowIcon(application_icon());
  setDockNestingEnabled(true);
  setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
  setCorner(Qt::BottomLeftCorner, Qt::BottomDockWidgetArea);  // charts need width
  make_canvas();
  files_ = new FileController(file_, document_, scene_, *notices_, state_folder, this);
  overlay_ = new LiveOverlay(control_, scene_, this);
  make_docks();
  make_live_docks();
  make_actions();
  make_menus();
  make_tool_bars();

  counts_ = new QLabel(this);
  problem_count_ = new QLabel(this);
  statusBar()->addPermanentWidget(problem_count_);
  statusBar()->addPermanentWidget(counts_);
  connect(&scene_, &CanvasScene::selected, this, &MainWindow::show_selection);
  connect(&model_, &TopologyModel::changed, this, &MainWindow::show_selection);
  connect(problems_, &ProblemsPanel::counted, this, &MainWindow::show_problem_count);
  connect(files_, &FileController::opened, this, &MainWindow::fit_after_opening);
  connect(files_, &FileController::said, this, &MainWindow::say);
  connect(files_, &FileController::recent_changed, this, &MainWindow::show_recent);
  connect(&file_, &ScenarioFile::path_changed, this, &MainWindow::show_title);
  connect(&file_, &ScenarioFile::modified_changed, this, [this](bool modified) { setWindowModified(modified); });

  const QSettings settings;
  const bool system_dark = QApplication::palette().color(QPalette::Window).lightness() < 128;
  set_look(settings.value("dark", system_dark).toBool(), settings.value("presentation", false).toBool());
  resize(1280, 800);
  restoreGeometry(settings.value("geometry").toByteArray());
  sized_ = restoreState(settings.value("docks").toByteArray());
  file_.create(ScenarioFile::empty_scenario());
  show_recent();
  show_title();
  show_selection();
  show_problem_count(static_cast<int>(document_.problems().size()));
  update_run_actions();
}

// Widgets go before what they show.
MainWindow::~MainWindow() {
  scene_.disconnect(this);
  model_.disconnect(this);
  control_.disconnect(this);
  control_.session().disconnect(this);
  qDeleteAll(findChildren<QWidget*>(Qt::FindDirectChildrenOnly));
}

void MainWindow::make_canvas() {
  auto* middle = new QWidget(this);
  notices_ = new NoticeBar(middle);
  view_ = new CanvasView(scene_, middle);
  view_->set_hint(
      tr("Drag a data center from the left onto this canvas, or press Ctrl+Shift+D.\n"
         "Draw links by dragging from the rim of one thing to another.\n"
         "File \u2192 New from a template has whole networks."));
  search_ = new SearchBar(*view_, view_);
  auto* layout = new QVBoxLayout(middle);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(notices_);
  layout->addWidget(view_, 1);
  setCentralWidget(middle);
  connect(view_, &CanvasView::refused, this, &MainWindow::say);
  connect(view_, &CanvasView::opened, this, [this] { raise_dock("inspector"); });
  connect(view_, &CanvasView::menu_asked, this, [this](const QPoint& at) {
    QMenu* menu = context_menu();
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->popup(at);
  });
}

void MainWindow::say(const QString& sentence) {
  statusBar()->showMessage(sentence, 8000);
}

void MainWindow::show_title() {
  setWindowTitle(QStringLiteral("%1[*] \u2013 GeoMX-Emu").arg(file_.title()));
  setWindowModified(file_.is_modified());
}

void MainWindow::show_problem_count(int count) {
  problem_count_->setText(count == 0 ? tr("No problems") : tr("%n problem(s)", nullptr, count));
  QPalette palette;
  palette.setColor(QPalette::WindowText, count == 0 ? scene_.theme().good : scene_.theme().bad);
  problem_count_->setPalette(palette);
}

void MainWindow::show_selection() {
  const QStringList ids = scene_.selected_ids();
  const auto amount = [](std::size_t n) { return static_cast<int>(n); };
  QString text = tr("%n data center(s)", nullptr, amount(model_.datacenters().size())) + ", " +
                 tr("%n node(s)", nullptr, amount(model_.nodes().size())) + ", " +
                 tr("%n link(s)", nullptr, amount(model_.links().size()));
  if (!ids.isEmpty())
    text = tr("%n selected", nullptr, static_cast<int>(ids.size())) + QStringLiteral(" \u00b7 ") + text;
  counts_->setText(text);
  update_run_actions();
}

void MainWindow::show_line(int line, int column, const QString& what) {
  raise_dock("text");
  text_->show_line(line, column);
  say(what);
}

void MainWindow::fit_after_opening() {
  control_.set_scenario(file_.path());
  scene_.relabel();
  view_->zoom_to_fit();
  show_title();
  if (!document_.problems().isEmpty()) raise_dock("problems");
}

void MainWindow::set_look(bool dark, bool presentation) {
  dark_ = dark;
  presentation_ = presentation;
  const Theme theme = dark ? Theme::night(presentation) : Theme::light(presentation);
  QApplication::setFont(theme.font());
  QApplication::setPalette(theme.palette());
  qApp->setStyleSheet(theme.style_sheet());
  scene_.set_theme(theme);
  actions_.redraw_icons();
  for (const char* name : {"dark", "presentation"}) {
    QAction* action = actions_.get(name);
    const QSignalBlocker quiet(action);
    action->setChecked(QLatin1String(name) == QLatin1String("dark") ? dark : presentation);
  }
  show_problem_count(static_cast<int>(document_.problems().size()));
  update();
}

void MainWindow::toggle_look() {
  set_look(actions_.get("dark")->isChecked(), actions_.get("presentation")->isChecked());
  QSettings settings;
  settings.setValue("dark", dark_);
  settings.setValue("presentation", presentation_);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  text_->take();
  if (!files_->may_leave()) {
    event->ignore();
    return;
  }
  QSettings settings;
  settings.setValue("geometry", saveGeometry());
  settings.setValue("docks", saveState());
  event->accept();
}

void MainWindow::showEvent(QShowEvent* event) {
  QMainWindow::showEvent(event);
  set_look(dark_, presentation_);  // some fonts are the platform's until widgets have been polished
  if (!sized_) size_docks();
  sized_ = true;
}

void MainWindow::greet() {
  files_->offer_recovery();
  QSettings settings;
  if (settings.value("tour_seen", false).toBool()) return;
  settings.setValue("tour_seen", true);
  QTimer::singleShot(300, this, [this] { start_tour(); });
}

}  // namespace geomx::gui

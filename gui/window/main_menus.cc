// Menus and tool bars: where the actions are found.
#include <QDockWidget>
#include <QFileInfo>
#include <QLayout>
#include <QMenu>
#include <QMenuBar>
#include <QToolBar>

#include "gui/panels/run_bar.h"
#include "gui/window/main_window.h"

namespace geomx::gui {

namespace {

// Names of actions; "-" is a separator.
void fill(QWidget* menu, const Actions& actions, const QStringList& names) {
  for (const QString& name : names) {
    if (name == QLatin1String("-")) {
      auto* line = new QAction(menu);
      line->setSeparator(true);
      menu->addAction(line);
    } else {
      menu->addAction(actions.get(name));
    }
  }
}

const QStringList kAlignments{"align-left",   "align-center", "align-right",  "-",
                              "align-top",    "align-middle", "align-bottom", "-",
                              "distribute-h", "distribute-v"};
const QStringList kLayouts{"layout", "layout-circle", "layout-tree", "layout-map"};

}  // namespace

void MainWindow::make_menus() {
  QMenu* file = menuBar()->addMenu(tr("&File"));
  fill(file, actions_, {"new", "template", "open"});
  recent_menu_ = file->addMenu(tr("Open &recent"));
  fill(file, actions_, {"import", "-", "save", "save-as", "export", "-", "quit"});

  QMenu* edit = menuBar()->addMenu(tr("&Edit"));
  fill(edit, actions_, {"undo", "redo", "-", "cut", "copy", "paste", "duplicate", "delete", "-", "rename", "connect"});
  fill(edit->addMenu(tr("Ali&gn")), actions_, kAlignments);
  fill(edit, actions_, {"-", "select-all", "search", "properties"});

  QMenu* view = menuBar()->addMenu(tr("&View"));
  fill(view, actions_, {"zoom-in", "zoom-out", "zoom-fit", "zoom-one", "zoom-selection", "-"});
  fill(view->addMenu(tr("Arran&ge")), actions_, kLayouts);
  fill(view, actions_, {"collapse", "expand", "collapse-all", "expand-all", "-", "dark", "presentation", "-"});
  QMenu* panes = view->addMenu(tr("Pa&nes"));
  for (QDockWidget* dock : docks_) panes->addAction(dock->toggleViewAction());
  panes->addSeparator();
  fill(panes, actions_, {"next-pane", "previous-pane"});

  QMenu* run = menuBar()->addMenu(tr("&Run"));
  fill(run, actions_,
       {"check", "doctor", "-", "up", "run", "stop", "down", "-", "attach", "detach", "open-run", "-", "cut-link",
        "kill", "restart", "pause", "resume", "terminal"});

  fill(menuBar()->addMenu(tr("&Help")), actions_, {"tour", "keys", "-", "about", "about-qt"});
}

void MainWindow::make_tool_bars() {
  QToolBar* bar = addToolBar(tr("Tools"));
  bar->setObjectName("tools");
  bar->setMovable(false);
  bar->setIconSize(QSize(20, 20));
  fill(bar, actions_, {"new",      "open",      "save",   "-",    "undo",         "redo",   "-", "cut",      "copy",
                       "paste",    "duplicate", "delete", "-",    "connect",      "layout", "-", "zoom-out", "zoom-in",
                       "zoom-fit", "search",    "-",      "dark", "presentation", "tour"});
  addToolBarBreak();
  QToolBar* run = addToolBar(tr("Run"));
  run->setObjectName("run-bar");
  run->setMovable(false);
  run_bar_ = new RunBar(control_, this);
  run_bar_->layout()->setContentsMargins(0, 0, 0, 0);
  run_bar_->layout()->setSpacing(2);
  run->addWidget(run_bar_);
  run_bar_->hand_over_starts();
  connect(run_bar_, &RunBar::start_asked, this, &MainWindow::start);
}

QMenu* MainWindow::context_menu() {
  auto* menu = new QMenu(this);
  if (scene_.selectedItems().isEmpty()) {
    fill(menu, actions_, {"paste", "select-all", "-"});
    fill(menu->addMenu(tr("Arran&ge")), actions_, kLayouts);
    fill(menu, actions_, {"zoom-fit"});
    return menu;
  }
  fill(menu, actions_, {"properties", "rename", "connect", "-", "cut", "copy", "duplicate", "delete", "-"});
  if (scene_.selected_tops().size() > 1) fill(menu->addMenu(tr("Ali&gn")), actions_, kAlignments);
  fill(menu, actions_, {"collapse", "expand"});
  if (control_.session().usable()) {
    fill(menu, actions_, {"-", "cut-link", "kill", "restart", "pause", "resume", "terminal"});
  }
  return menu;
}

void MainWindow::show_recent() {
  recent_menu_->clear();
  const QStringList paths = files_->recent();
  int number = 0;
  for (const QString& path : paths) {
    ++number;
    const QString name = QFileInfo(path).fileName().replace('&', QLatin1String("&&"));
    QAction* action = recent_menu_->addAction(number < 10 ? QStringLiteral("&%1  %2").arg(number).arg(name) : name);
    action->setToolTip(path);
    action->setStatusTip(path);
    connect(action, &QAction::triggered, this, [this, path] { files_->open(path); });
  }
  recent_menu_->setEnabled(!paths.isEmpty());
  if (paths.isEmpty()) return;
  recent_menu_->addSeparator();
  connect(recent_menu_->addAction(tr("&Forget them")), &QAction::triggered, files_, &FileController::forget_recent);
}

}  // namespace geomx::gui

#pragma once

#include <QMainWindow>
#include <QMap>

#include "gui/canvas/canvas_scene.h"
#include "gui/canvas/canvas_view.h"
#include "gui/canvas/palette_panel.h"
#include "gui/canvas/search_bar.h"
#include "gui/client/run_control.h"
#include "gui/model/document.h"
#include "gui/model/scenario_file.h"
#include "gui/window/actions.h"
#include "gui/window/file_controller.h"
#include "gui/window/live_overlay.h"
#include "gui/window/problems_panel.h"
#include "gui/window/text_panel.h"

class QDockWidget;
class QLabel;

namespace geomx::gui {

class Inspector;
class RunBar;
class LinkChartPanel;
class LinkEditorPanel;
class NodePanel;
class LogPanel;
class FindingsPanel;
class Tour;

// The editor's window: one document, its drawing in the middle, and around it what belongs to it. GUI thread.
class MainWindow : public QMainWindow {
  Q_OBJECT

 public:
  // `state_folder`: see ScenarioFile; settings (theme, places of docks) are the user's, in QSettings.
  explicit MainWindow(const QString& state_folder, QWidget* parent = nullptr);
  ~MainWindow() override;

  Document& document() { return document_; }
  TopologyModel& model() { return model_; }
  CanvasView& canvas() { return *view_; }
  Actions& actions() { return actions_; }
  FileController& files() { return *files_; }
  ScenarioFile& file() { return file_; }
  RunControl& control() { return control_; }
  PalettePanel& palette_panel() { return *palette_; }
  SearchBar& search_bar() { return *search_; }
  ProblemsPanel& problems_panel() { return *problems_; }
  TextPanel& text_panel() { return *text_; }

  // Watches a lab that runs; its network becomes the document where nothing else is open.
  void attach(const QString& lab);
  // What --screenshot shows: one of view_names(); false: there is no such.
  bool show_view(const QString& name);
  static QStringList view_names();
  void set_look(bool dark, bool presentation);  // of this window's application; not remembered
  Tour* start_tour();
  void greet();  // at a start by hand: the tour the first time, copies that a crash has left

 protected:
  void closeEvent(QCloseEvent* event) override;
  void showEvent(QShowEvent* event) override;

 private:
  void make_canvas();
  void make_docks();
  void make_live_docks();
  void make_actions();
  void make_file_actions();
  void make_edit_actions();
  void make_view_actions();
  void make_run_actions();
  void make_help_actions();
  void make_menus();
  void make_tool_bars();
  QMenu* context_menu();
  QDockWidget* add_dock(const QString& name, const QString& title, QWidget* panel, Qt::DockWidgetArea area);
  void raise_dock(const QString& name);
  void size_docks();
  int right_width() const;
  void step_pane(int by);
  void show_title();
  void show_selection();
  void show_problem_count(int count);
  void show_recent();
  void show_problem(const Problem& problem);
  void show_line(int line, int column, const QString& what);
  void fit_after_opening();
  void toggle_look();
  void say(const QString& sentence);

  bool ready_to_run(Task task);  // saved, and without problems
  void start(Task task);
  void update_run_actions();
  void follow_lab(const LabFacts& facts);
  void cut_or_heal();
  void act_on_selected_node(const QString& action);
  void open_terminal_in(const QString& node);
  QString selected_link() const;  // its name; empty: none or several

  Document document_;
  TopologyModel model_;
  Positions positions_;
  ScenarioFile file_;
  CanvasScene scene_;
  RunControl control_;
  Actions actions_;
  CanvasView* view_ = nullptr;
  NoticeBar* notices_ = nullptr;
  FileController* files_ = nullptr;
  LiveOverlay* overlay_ = nullptr;
  SearchBar* search_ = nullptr;
  PalettePanel* palette_ = nullptr;
  ProblemsPanel* problems_ = nullptr;
  TextPanel* text_ = nullptr;
  Inspector* inspector_ = nullptr;
  RunBar* run_bar_ = nullptr;
  LinkChartPanel* link_chart_ = nullptr;
  LinkEditorPanel* link_editor_ = nullptr;
  NodePanel* node_ = nullptr;
  LogPanel* log_ = nullptr;
  FindingsPanel* findings_ = nullptr;
  QMap<QString, QDockWidget*> docks_;
  QMenu* recent_menu_ = nullptr;
  QLabel* counts_ = nullptr;
  QLabel* problem_count_ = nullptr;
  bool sized_ = false;  // the docks are
  bool dark_ = false;
  bool presentation_ = false;
  bool take_lab_ = false;  // its network becomes the document
};

}  // namespace geomx::gui

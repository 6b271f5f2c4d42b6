// The document and the lab: starting, watching, and changing what runs.
#include <QFileDialog>
#include <QFileInfo>

#include "gui/client/run_process.h"
#include "gui/panels/lab_list_panel.h"
#include "gui/window/main_window.h"
#include "gui/window/terminal.h"

namespace geomx::gui {

void MainWindow::make_run_actions() {
  actions_.add(
      "check",
      {tr("&Check"), tr("Look for mistakes in the scenario; nothing is made"), "check", {QKeySequence(tr("F7"))}},
      [this] { start(Task::check); });
  actions_.add("doctor", {tr("Doct&or"), tr("What this machine can do, and what to do about what it cannot"), "doctor"},
               [this] {
                 raise_dock("findings");
                 control_.doctor();
               });
  actions_.add(
      "up", {tr("&Up"), tr("Build the network without its job, and leave it running"), "up", {QKeySequence(tr("F8"))}},
      [this] { start(Task::up); });
  actions_.add("run",
               {tr("&Run"),
                tr("Build the network, run the job in it, and say what came of it"),
                "run",
                {QKeySequence(tr("F9"))}},
               [this] { start(Task::run); });
  actions_.add("stop",
               {tr("&Stop"),
                tr("End the run as Ctrl-C in a terminal does; its results so far are kept"),
                "stop",
                {QKeySequence(tr("Shift+F9"))}},
               [this] { control_.stop(); });
  actions_.add("down",
               {tr("&Down"),
                tr("End the lab that is attached, and all that runs in it"),
                "down",
                {QKeySequence(tr("Shift+F8"))}},
               [this] { control_.down(); });
  actions_.add("attach",
               {tr("&Attach..."),
                tr("Watch and change a lab that is running already"),
                "attach",
                {QKeySequence(tr("Ctrl+Shift+A"))}},
               [this] {
                 auto* dialog = new LabListDialog(control_, this);
                 dialog->setAttribute(Qt::WA_DeleteOnClose);
                 dialog->open();
               });
  actions_.add("detach", {tr("D&etach"), tr("Stop watching; the lab and its run go on"), "detach"},
               [this] { control_.detach(); });
  actions_.add("open-run", {tr("Open a run &folder..."), tr("Look at the charts and logs of an old run"), "open"},
               [this] {
                 const QString folder = QFileDialog::getExistingDirectory(this, tr("Open a run folder"));
                 if (!folder.isEmpty()) control_.open_run(folder);
               });

  actions_.add("cut-link",
               {tr("Cut or &heal the link"),
                tr("The selected link loses every packet until it is healed"),
                "cut",
                {QKeySequence(tr("Ctrl+K"))}},
               [this] { cut_or_heal(); });
  const struct {
    const char* name;
    QString text;
    QString tip;
  } acts[] = {
      {"kill", tr("&Kill the node"), tr("End every process of the selected node at once, as a power cut does")},
      {"restart", tr("Res&tart the node"), tr("Start the selected node's processes again")},
      {"pause", tr("&Pause the node"), tr("Stop the selected node's processes where they are")},
      {"resume", tr("Resu&me the node"), tr("Let a paused node's processes go on")},
  };
  for (const auto& act : acts) {
    actions_.add(act.name, {act.text, act.tip}, [this, name = QString(act.name)] { act_on_selected_node(name); });
  }
  actions_.add("terminal",
               {tr("Open a ter&minal"), tr("A shell inside the selected node"), "", {QKeySequence(tr("Ctrl+T"))}},
               [this] { open_terminal_in(scene_.selected_node()); });
  connect(&control_, &RunControl::changed, this, &MainWindow::update_run_actions);
  connect(&control_.session(), &LabSession::state_changed, this, [this](LabState, const QString& words) {
    update_run_actions();
    if (!words.isEmpty()) say(words);
  });
  connect(&control_.session(), &LabSession::attached, this, &MainWindow::follow_lab);
  connect(&control_.session(), &LabSession::answered, this, [this](const Outcome& outcome) {
    if (outcome.result == Outcome::Result::refused) {
      say(tr("%1: %2 was refused: %3").arg(outcome.object, outcome.asked, outcome.reason));
    } else if (outcome.result == Outcome::Result::unknown) {
      say(tr("%1: no answer to %2; it may have been done").arg(outcome.object, outcome.asked));
    }
  });
  connect(&control_, &RunControl::task_finished, this, [this](const TaskResult& result) {
    if (result.task == Task::check || result.task == Task::doctor || result.exit_code != 0) raise_dock("findings");
  });
}

QString MainWindow::selected_link() const {
  const QStringList ids = scene_.selected_ids();
  const LinkItem* link = ids.size() == 1 ? model_.link(ids.first()) : nullptr;
  return link == nullptr ? QString() : link->name;
}

void MainWindow::update_run_actions() {
  const bool usable = control_.session().usable();
  const bool free = control_.can_check();
  for (const char* name : {"check", "up", "run", "doctor"}) actions_.get(name)->setEnabled(free);
  actions_.get("stop")->setEnabled(control_.can_stop());
  actions_.get("down")->setEnabled(control_.can_down());
  actions_.get("detach")->setEnabled(control_.can_detach());
  actions_.get("cut-link")->setEnabled(usable && !selected_link().isEmpty());
  for (const char* name : {"kill", "restart", "pause", "resume", "terminal"}) {
    actions_.get(name)->setEnabled(usable && !scene_.selected_node().isEmpty());
  }
}

bool MainWindow::ready_to_run(Task task) {
  text_->take();
  if (task != Task::check && !document_.problems().isEmpty()) {
    raise_dock("problems");
    say(tr("The scenario has problems, which the list names: correct them first"));
    return false;
  }
  if ((file_.path().isEmpty() || file_.is_modified()) && !files_->save()) return false;
  control_.set_scenario(file_.path());
  return true;
}

void MainWindow::start(Task task) {
  if (!ready_to_run(task)) return;
  if (task == Task::check) {
    control_.check();
  } else if (task == Task::up) {
    control_.up();
  } else {
    control_.run();
    raise_dock("training");
  }
}

void MainWindow::attach(const QString& lab) {
  take_lab_ = file_.path().isEmpty() && !file_.is_modified();
  control_.attach(lab);
}

// A lab that was attached to before anything was drawn brings its network along; beside a document it is only laid over
// what has the same names.
void MainWindow::follow_lab(const LabFacts& facts) {
  if (!take_lab_ || facts.scenario.isEmpty()) return;
  take_lab_ = false;
  file_.create(facts.scenario);
  fit_after_opening();
  say(tr("This is the network of lab %1 as it runs; saving makes a file of it").arg(facts.lab));
}

void MainWindow::cut_or_heal() {
  const QString link = selected_link();
  if (!link.isEmpty()) control_.session().set_link_up(link, overlay_->is_down(link));
}

void MainWindow::act_on_selected_node(const QString& action) {
  const QString node = scene_.selected_node();
  if (!node.isEmpty()) control_.session().act_on_node(node, action);
}

void MainWindow::open_terminal_in(const QString& node) {
  QString program = RunProcess::find_program();
  if (program.isEmpty()) program = QStringLiteral("geomx-emu");
  const QString trouble = open_terminal(program, control_.session().lab(), node);
  if (!trouble.isEmpty()) say(trouble);
}

}  // namespace geomx::gui

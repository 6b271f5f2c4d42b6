// The tour, the list of keys, and the views of which pictures are made.
#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QDockWidget>
#include <QHeaderView>
#include <QMessageBox>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "gui/panels/run_bar.h"
#include "gui/theme/icons.h"
#include "gui/window/main_window.h"
#include "gui/window/template_dialog.h"
#include "gui/window/tour.h"

namespace geomx::gui {

namespace {

void show_keys(const Actions& actions, QWidget* parent) {
  auto* dialog = new QDialog(parent);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(MainWindow::tr("Keys"));
  dialog->resize(620, 560);
  auto* list = new QTreeWidget(dialog);
  list->setRootIsDecorated(false);
  list->setHeaderLabels({MainWindow::tr("Key"), MainWindow::tr("What it does")});
  const auto add = [list](const QString& keys, const QString& what) { new QTreeWidgetItem(list, {keys, what}); };
  add(MainWindow::tr("Tab"), MainWindow::tr("On the canvas: select the next thing"));
  add(MainWindow::tr("Arrows"), MainWindow::tr("Move what is selected (Shift: further); with nothing selected, pan"));
  add(MainWindow::tr("Space + drag"), MainWindow::tr("Pan"));
  add(MainWindow::tr("Wheel"), MainWindow::tr("Zoom"));
  add(MainWindow::tr("Esc"), MainWindow::tr("Give up what is under way, or select nothing"));
  for (const QAction* action : actions.all()) {
    if (!action->shortcut().isEmpty()) {
      add(action->shortcut().toString(QKeySequence::NativeText), action->statusTip());
    }
  }
  list->header()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, dialog);
  QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::reject);
  auto* layout = new QVBoxLayout(dialog);
  layout->addWidget(list);
  layout->addWidget(buttons);
  dialog->open();
}

}  // namespace

void MainWindow::make_help_actions() {
  actions_.add("tour", {tr("&Tour"), tr("The window in six steps"), "help", {QKeySequence::HelpContents}},
               [this] { start_tour(); });
  actions_.add("keys", {tr("&Keys"), tr("Everything that the keyboard does"), "", {QKeySequence(tr("Ctrl+F1"))}},
               [this] { show_keys(actions_, this); });
  actions_.add("about", {tr("&About GeoMX-Emu"), tr("Which version this is"), "about"}, [this] {
    QMessageBox box(QMessageBox::NoIcon, tr("About GeoMX-Emu"), tr("GeoMX-Emu %1").arg(QStringLiteral(GEOMX_VERSION)),
                    QMessageBox::Close, this);
    box.setInformativeText(
        tr("Draw a wide-area network of data centers, run it on this machine with the kernel's own "
           "network, and watch a model train across it."));
    box.setIconPixmap(application_icon().pixmap(64, 64));
    box.exec();
  });
  actions_.add("about-qt", {tr("About &Qt"), tr("The library that draws this window")},
               [] { QApplication::aboutQt(); });
}

Tour* MainWindow::start_tour() {
  if (auto* running = findChild<Tour*>()) return running;
  return new Tour(
      {{tr("What a network is made of"),
        tr("Drag a data center onto the canvas; it brings a gateway and a LAN along. Hosts dropped into it join its "
           "LAN; "
           "routers and switches on the open canvas build anything else."),
        docks_["palette"]},
       {tr("Draw the network"),
        tr("Drag from the rim of one thing to another: that is a link. Drag things to move them, and from an empty "
           "place to "
           "select several. The wheel zooms, the middle button pans. Every step can be undone."),
        view_},
       {tr("Say what links are like"),
        tr("Select a link and type its rate, delay and loss as you would write them: 100Mbit, 30ms, 0.1%. What cannot "
           "be is "
           "marked where it stands, and never reaches the file."),
        docks_["inspector"]},
       {tr("Run it"),
        tr("Check looks for mistakes, Up builds the network, Run trains in it. A lab that a terminal has started can "
           "be "
           "attached to as well."),
        run_bar_},
       {tr("Watch it, and change it"),
        tr("Links show how much they carry, charts how the training goes. Change a rate, cut a link, kill a node while "
           "everything runs: the network follows at once."),
        docks_["problems"]},
       {tr("The file is all there is"),
        tr("What you draw is a scenario file, the same that geomx-emu reads. Save it, diff it, share it. New from a "
           "template "
           "has whole networks to begin with; Keys in this menu lists every key."),
        menuWidget()}},
      this);
}

QStringList MainWindow::view_names() {
  return {"editor",   "inspector", "live-link", "live-node", "problems", "text", "findings", "link-chart",
          "training", "timeline",  "log",       "report",    "search",   "tour", "keys",     "template"};
}

bool MainWindow::show_view(const QString& name) {
  if (!view_names().contains(name)) return false;
  view_->zoom_to_fit();
  if (name == "inspector") {
    const QStringList ids = model_.ids();
    if (!ids.isEmpty()) scene_.select({model_.links().empty() ? ids.first() : model_.links().front().id});
  }
  if (name == "search") {
    search_->open();
    const auto& datacenters = model_.datacenters();
    if (!datacenters.empty()) search_->field()->setText(datacenters.back().name);
  } else if (name == "tour") {
    start_tour();
  } else if (name == "keys") {
    actions_.get("keys")->trigger();
  } else if (name == "template") {
    auto* dialog = new TemplateDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
  } else {
    raise_dock(name);
  }
  return true;
}

}  // namespace geomx::gui

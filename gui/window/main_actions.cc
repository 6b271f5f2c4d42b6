// What the window can do, in words: names, tips and keys.
#include <QApplication>
#include <QUndoStack>

#include "gui/window/main_window.h"

namespace geomx::gui {

void MainWindow::make_actions() {
  make_file_actions();
  make_edit_actions();
  make_view_actions();
  make_run_actions();
  make_help_actions();
}

void MainWindow::make_file_actions() {
  actions_.add("new", {tr("&New"), tr("Begin with an empty network"), "new", {QKeySequence::New}},
               [this] { files_->create(); });
  actions_.add("template",
               {tr("New from a &template..."),
                tr("Begin with a network by recipe: a star, a ring, a real WAN"),
                "template",
                {QKeySequence(tr("Ctrl+Shift+N"))}},
               [this] { files_->create_from_template(); });
  actions_.add("open", {tr("&Open..."), tr("Open a scenario file"), "open", {QKeySequence::Open}},
               [this] { files_->ask_open(); });
  actions_.add("import",
               {tr("&Import..."),
                tr("Take over a topology of containerlab or of Mininet's MiniEdit"),
                "import",
                {QKeySequence(tr("Ctrl+Shift+I"))}},
               [this] { files_->import(); });
  actions_.add("save", {tr("&Save"), tr("Write the scenario to its file"), "save", {QKeySequence::Save}}, [this] {
    text_->take();
    files_->save();
  });
  actions_.add("save-as",
               {tr("Save &as..."), tr("Write the scenario to another file"), "", {QKeySequence(tr("Ctrl+Shift+S"))}},
               [this] {
                 text_->take();
                 files_->ask_save_as();
               });
  actions_.add("export",
               {tr("&Export..."),
                tr("Write the drawing as a PNG or SVG picture, or as a Mermaid diagram"),
                "export",
                {QKeySequence(tr("Ctrl+E"))}},
               [this] { files_->export_picture(); });
  actions_.add("quit", {tr("&Quit"), tr("Close the editor; labs that run go on"), "", {QKeySequence(tr("Ctrl+Q"))}},
               [this] { close(); });
}

void MainWindow::make_edit_actions() {
  CanvasCommands& commands = view_->commands();
  QUndoStack& stack = document_.undo_stack();
  const QString undo_text = tr("&Undo");
  const QString redo_text = tr("&Redo");
  QAction* undo =
      actions_.add("undo", {undo_text, tr("Take the last step back"), "undo", {QKeySequence::Undo}}, [this] {
        text_->take();
        document_.undo_stack().undo();
      });
  QAction* redo = actions_.add("redo",
                               {redo_text,
                                tr("Do again what was taken back"),
                                "redo",
                                {QKeySequence(tr("Ctrl+Shift+Z")), QKeySequence(tr("Ctrl+Y"))}},
                               [this] { document_.undo_stack().redo(); });
  // A field has steps of its own only while it is typed in: the window's are the document's.
  connect(&stack, &QUndoStack::canUndoChanged, undo, &QAction::setEnabled);
  connect(&stack, &QUndoStack::canRedoChanged, redo, &QAction::setEnabled);
  connect(&stack, &QUndoStack::undoTextChanged, undo, [undo, undo_text](const QString& step) {
    undo->setText(step.isEmpty() ? undo_text : undo_text + ": " + step);
    undo->setIconText(undo_text);
  });
  connect(&stack, &QUndoStack::redoTextChanged, redo, [redo, redo_text](const QString& step) {
    redo->setText(step.isEmpty() ? redo_text : redo_text + ": " + step);
    redo->setIconText(redo_text);
  });
  undo->setEnabled(stack.canUndo());
  redo->setEnabled(stack.canRedo());

  actions_.add(
      "cut", {tr("Cu&t"), tr("Move what is selected to the clipboard"), "cut", {QKeySequence::Cut}},
      [&commands] { commands.cut_selected(); }, view_);
  actions_.add(
      "copy", {tr("&Copy"), tr("Copy what is selected, with the links among it"), "copy", {QKeySequence::Copy}},
      [&commands] { commands.copy_selected(); }, view_);
  actions_.add(
      "paste",
      {tr("&Paste"), tr("Put the clipboard's network into this one, under new names"), "paste", {QKeySequence::Paste}},
      [this, &commands] { commands.paste(view_->middle()); }, view_);
  actions_.add(
      "duplicate",
      {tr("&Duplicate"), tr("Put a copy beside what is selected"), "duplicate", {QKeySequence(tr("Ctrl+D"))}},
      [&commands] { commands.duplicate_selected(); }, view_);
  actions_.add(
      "delete",
      {tr("De&lete"),
       tr("Remove what is selected, and links that end there"),
       "delete",
       {QKeySequence::Delete, QKeySequence(Qt::Key_Backspace)}},
      [&commands] { commands.remove_selected(); }, view_);
  actions_.add(
      "rename",
      {tr("Re&name"),
       tr("Another name for what is selected; whatever names it follows"),
       "rename",
       {QKeySequence(tr("F2"))}},
      [this] { view_->rename_selected(); }, view_);
  actions_.add("connect",
               {tr("&Join by links"),
                tr("Draw links between the selected things, one after the other"),
                "link",
                {QKeySequence(tr("Ctrl+L"))}},
               [&commands] { commands.connect_selected(); });
  actions_.add(
      "select-all", {tr("Select &all"), tr("Select everything that is drawn"), "select-all", {QKeySequence::SelectAll}},
      [this] { scene_.select(model_.ids()); }, view_);
  actions_.add("search", {tr("&Find..."), tr("Look for a node or link by its name"), "search", {QKeySequence::Find}},
               [this] { search_->open(); });
  actions_.add(
      "properties",
      {tr("P&roperties"), tr("Everything about what is selected, in the inspector"), "", {QKeySequence(tr("Ctrl+I"))}},
      [this] { raise_dock("inspector"); });

  const struct {
    const char* name;
    Alignment alignment;
    QString text;
    QString tip;
  } alignments[] = {
      {"align-left", Alignment::left, tr("&Left edges"), tr("Put the selected things' left edges in line")},
      {"align-center", Alignment::center, tr("&Centers"), tr("Put the selected things one below the other")},
      {"align-right", Alignment::right, tr("&Right edges"), tr("Put the selected things' right edges in line")},
      {"align-top", Alignment::top, tr("&Top edges"), tr("Put the selected things' top edges in line")},
      {"align-middle", Alignment::middle, tr("&Middles"), tr("Put the selected things side by side")},
      {"align-bottom", Alignment::bottom, tr("&Bottom edges"), tr("Put the selected things' bottom edges in line")},
      {"distribute-h", Alignment::spread_across, tr("Spread &across"), tr("Make the gaps from left to right equal")},
      {"distribute-v", Alignment::spread_down, tr("Spread &down"), tr("Make the gaps from top to bottom equal")},
  };
  for (const auto& one : alignments) {
    actions_.add(one.name, {one.text, one.tip, one.name},
                 [&commands, alignment = one.alignment] { commands.align(alignment); });
  }
}

void MainWindow::make_view_actions() {
  CanvasCommands& commands = view_->commands();
  actions_.add("zoom-in",
               {tr("Zoom &in"), tr("Look closer"), "zoom-in", {QKeySequence(tr("Ctrl++")), QKeySequence(tr("Ctrl+="))}},
               [this] { view_->zoom_by(1.25); });
  actions_.add("zoom-out", {tr("Zoom &out"), tr("See more of the network"), "zoom-out", {QKeySequence(tr("Ctrl+-"))}},
               [this] { view_->zoom_by(0.8); });
  actions_.add("zoom-fit", {tr("&Fit all"), tr("Show the whole network"), "fit", {QKeySequence(tr("Ctrl+0"))}},
               [this] { view_->zoom_to_fit(); });
  actions_.add("zoom-one", {tr("&Actual size"), tr("Show it at 100 %"), "", {QKeySequence(tr("Ctrl+1"))}},
               [this] { view_->set_zoom(1); });
  actions_.add("zoom-selection",
               {tr("Fit the &selection"),
                tr("Show what is selected as large as there is room"),
                "",
                {QKeySequence(tr("Ctrl+2"))}},
               [this] { view_->zoom_to_selection(); });
  const struct {
    const char* name;
    Layout layout;
    QString text;
    QString tip;
    QString keys;
  } layouts[] = {
      {"layout", Layout::force, tr("By &forces"), tr("Links pull, things push: neighbours end up near each other"),
       tr("Ctrl+Alt+F")},
      {"layout-circle", Layout::circle, tr("In a &circle"), tr("All on one circle, neighbours side by side"),
       tr("Ctrl+Alt+C")},
      {"layout-tree", Layout::tree, tr("As a &tree"), tr("In layers, from the middle of the network down"),
       tr("Ctrl+Alt+T")},
      {"layout-map", Layout::map, tr("On the &map"), tr("Where they are on earth, by latitude and longitude"),
       tr("Ctrl+Alt+M")},
  };
  for (const auto& one : layouts) {
    actions_.add(one.name, {one.text, one.tip, one.name, {QKeySequence(one.keys)}},
                 [this, &commands, layout = one.layout] {
                   commands.arrange(layout);
                   view_->zoom_to_fit();
                 });
  }
  actions_.add("collapse",
               {tr("&Collapse"),
                tr("Draw the selected data centers as one tile each, without their hosts"),
                "collapse",
                {QKeySequence(tr("Ctrl+Shift+-"))}},
               [&commands] { commands.collapse_selected(true); });
  actions_.add(
      "expand",
      {tr("&Expand"), tr("Draw the hosts of the selected data centers"), "", {QKeySequence(tr("Ctrl+Shift++"))}},
      [&commands] { commands.collapse_selected(false); });
  actions_.add("collapse-all", {tr("Collapse a&ll"), tr("Draw every data center as one tile")},
               [&commands] { commands.collapse_all(true); });
  actions_.add("expand-all", {tr("Expand all"), tr("Draw the hosts of every data center")},
               [&commands] { commands.collapse_all(false); });
  actions_.add_toggle(
      "dark", {tr("&Dark theme"), tr("Light lines on a dark ground"), "theme", {QKeySequence(tr("Ctrl+Alt+D"))}}, dark_,
      [this](bool) { toggle_look(); });
  actions_.add_toggle("presentation",
                      {tr("&Presentation mode"),
                       tr("For the projector: large type and full contrast"),
                       "presentation",
                       {QKeySequence(tr("F5"))}},
                      presentation_, [this](bool) { toggle_look(); });
  actions_.add("next-pane", {tr("Next pane"), tr("Move the keyboard to the next pane"), "", {QKeySequence(tr("F6"))}},
               [this] { step_pane(1); });
  actions_.add("previous-pane",
               {tr("Previous pane"), tr("Move the keyboard to the pane before"), "", {QKeySequence(tr("Shift+F6"))}},
               [this] { step_pane(-1); });
}

}  // namespace geomx::gui

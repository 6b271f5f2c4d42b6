#include <QFontDatabase>
#include <QString>

#include "gui/theme/icons.h"
#include "gui/theme/theme.h"

namespace geomx::gui {

// On top of Qt's Fusion style, which has the palette already: flat tool bars, quiet docks, fields with a visible focus.
QString Theme::style_sheet() const {
  const QString hover = mixed(window, text, 0.08).name();
  const QString pressed = mixed(window, accent, 0.25).name();
  QString sheet = R"(
QMainWindow::separator { width: 1px; height: 1px; background: @border; }
QMainWindow::separator:hover { background: @accent; }
QToolBar { background: @window; border: none; border-bottom: 1px solid @border; padding: 4px 6px; spacing: 2px; }
QToolBar::separator { background: @border; width: 1px; margin: 5px 6px; }
QToolButton { border: 1px solid transparent; border-radius: 6px; padding: 5px; color: @text; }
QToolButton:disabled { color: @faint; }
QToolButton:hover { background: @hover; }
QToolButton:pressed, QToolButton:checked { background: @pressed; }
QToolButton:focus { border-color: @accent; }
QToolButton::menu-indicator { image: none; width: 0; }
QMenuBar { background: @window; border-bottom: 1px solid @border; padding: 2px 4px; }
QMenuBar::item { padding: 4px 9px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: @hover; }
QMenu { background: @surface; border: 1px solid @border; padding: 5px; }
QMenu::item { padding: 5px 22px 5px 8px; border-radius: 5px; }
QMenu::item:selected { background: @accent; color: @onaccent; }
QMenu::item:disabled { color: @muted; background: transparent; }
QMenu::separator { height: 1px; background: @border; margin: 5px 6px; }
QMenu::icon { padding-left: 6px; }
QDockWidget { color: @muted; font-weight: 600; titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget::title { background: @window; padding: 7px 10px; text-align: left; }
QStatusBar { background: @window; border-top: 1px solid @border; color: @muted; }
QStatusBar::item { border: none; }
QToolTip { background: @tip; color: @tiptext; border: 1px solid @border; padding: 5px 7px; }
QLineEdit, QComboBox, QPlainTextEdit, QTextEdit {
  background: @surface; border: 1px solid @border; border-radius: 5px; padding: 3px 6px;
  selection-background-color: @accent; selection-color: @onaccent; }
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
  border-color: @accent; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url(@arrow); width: 16px; height: 16px; }
QPushButton { background: @surface; border: 1px solid @border; border-radius: 6px; padding: 5px 14px; min-height: 1.2em; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @pressed; }
QPushButton:focus { border-color: @accent; }
QPushButton:default { background: @accent; border-color: @accent; color: @onaccent; }
QPushButton:disabled { color: @muted; background: @window; }
QTabBar::tab { background: transparent; color: @muted; padding: 6px @tabpad; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:focus { color: @accent; }
QTabWidget#pages QTabBar::tab { padding: 6px 7px; }
QTabWidget::pane { border: none; border-top: 1px solid @border; }
QHeaderView::section { background: @window; color: @muted; border: none; border-bottom: 1px solid @border; padding: 4px 6px; }
QTreeView, QTableView, QListView { border: none; background: @surface; alternate-background-color: @window;
  selection-background-color: @accent; selection-color: @onaccent; }
QTreeView::item, QListView::item, QTableView::item { padding: 3px 6px; }
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected { background: @accent; color: @onaccent; }
QProgressBar { background: @hover; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }
QPlainTextEdit { font-family: "@mono"; font-size: @monosize; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QLabel#title { font-size: @titlesize; font-weight: 600; padding: 4px 6px 2px 6px; }
QScrollBar:vertical { background: transparent; width: 11px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 0; }
QScrollBar::handle { background: @handle; border-radius: 4px; margin: 2px; min-height: 26px; min-width: 26px; }
QScrollBar::handle:hover { background: @muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QGroupBox { border: 1px solid @border; border-radius: 6px; margin-top: 0.9em; padding-top: 6px; }
QGroupBox::title { subcontrol-origin: margin; left: 9px; padding: 0 4px; color: @muted; }
)";
  const std::pair<const char*, QString> tokens[] = {
      {"@onaccent", on_accent.name()},
      {"@accent", accent.name()},
      {"@border", border.name()},
      {"@window", window.name()},
      {"@surface", surface.name()},
      {"@faint", palette().color(QPalette::Disabled, QPalette::ButtonText).name()},
      {"@tabpad", presentation ? QStringLiteral("9px") : QStringLiteral("11px")},
      {"@monosize", QStringLiteral("%1px").arg(small_pixels + 1)},
      {"@arrow", icon_file(QStringLiteral("choice-arrow"))},
      {"@mono", QFontDatabase::systemFont(QFontDatabase::FixedFont).family()},
      {"@titlesize", QStringLiteral("%1px").arg(text_pixels + 2)},
      {"@muted", text_muted.name()},
      {"@tiptext", palette().color(QPalette::ToolTipText).name()},
      {"@tip", palette().color(QPalette::ToolTipBase).name()},
      {"@text", text.name()},
      {"@hover", hover},
      {"@pressed", pressed},
      {"@handle", mixed(window, text, 0.28).name()},
  };
  for (const auto& [token, color] : tokens) sheet.replace(token, color);
  return sheet;
}

}  // namespace geomx::gui

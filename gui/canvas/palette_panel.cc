#include "gui/canvas/palette_panel.h"

#include <QApplication>
#include <QGridLayout>
#include <QMouseEvent>
#include <QShortcut>

#include "gui/canvas/canvas_view.h"
#include "gui/theme/icons.h"

namespace geomx::gui {

namespace {

// A button that can be dragged onto the canvas, which draws what hangs on the pointer.
class PaletteButton : public QToolButton {
 public:
  PaletteButton(ItemKind kind, CanvasView& view) : kind_(kind), view_(view) {}

 protected:
  void mousePressEvent(QMouseEvent* event) override {
    pressed_at_ = event->position().toPoint();
    pressed_ = event->button() == Qt::LeftButton;
    dragging_ = false;
    QToolButton::mousePressEvent(event);
  }
  void mouseMoveEvent(QMouseEvent* event) override {
    if (!pressed_) return;
    const QPoint moved = event->position().toPoint() - pressed_at_;
    if (!dragging_ && moved.manhattanLength() < QApplication::startDragDistance()) return;
    dragging_ = true;
    setDown(false);
    setCursor(Qt::ClosedHandCursor);
    view_.show_ghost(kind_, on_canvas(*event));
  }
  void mouseReleaseEvent(QMouseEvent* event) override {
    pressed_ = false;
    if (dragging_ && event->button() == Qt::LeftButton) {
      dragging_ = false;
      unsetCursor();
      view_.drop(kind_, on_canvas(*event));
      return;
    }
    QToolButton::mouseReleaseEvent(event);
  }

 private:
  QPoint on_canvas(const QMouseEvent& event) const {
    return view_.viewport()->mapFromGlobal(event.globalPosition()).toPoint();
  }

  ItemKind kind_;
  CanvasView& view_;
  QPoint pressed_at_;
  bool pressed_ = false;
  bool dragging_ = false;
};

}  // namespace

PalettePanel::PalettePanel(CanvasView& view, QWidget* parent) : QWidget(parent), view_(view) {
  const QList<QToolButton*> buttons{
      add_button(
          ItemKind::datacenter, "datacenter", tr("Data center"),
          tr("A data center: a site with a gateway, a LAN switch and hosts. Links between data centers are the WAN."),
          QKeySequence(tr("Ctrl+Shift+D"))),
      add_button(ItemKind::host, "host", tr("Host"),
                 tr("A host: a machine on which programs run, with a network stack of its own."),
                 QKeySequence(tr("Ctrl+Shift+H"))),
      add_button(ItemKind::router, "router", tr("Router"),
                 tr("A router: passes packets on between networks, by the shortest path."),
                 QKeySequence(tr("Ctrl+Shift+R"))),
      add_button(ItemKind::switch_, "switch", tr("Switch"),
                 tr("A switch: joins hosts into one local network, without addresses of its own."),
                 QKeySequence(tr("Ctrl+Shift+W"))),
  };
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(10, 6, 10, 10);
  grid->setSpacing(6);
  for (int i = 0; i < buttons.size(); ++i) grid->addWidget(buttons[i], i / 2, i % 2);
  setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
}

QToolButton* PalettePanel::add_button(ItemKind kind, const QString& drawing, const QString& text, const QString& tip,
                                      const QKeySequence& keys) {
  auto* button = new PaletteButton(kind, view_);
  button->setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
  button->setIcon(icon(drawing));
  button->setIconSize(QSize(26, 26));
  button->setText(text);
  button->setToolTip(
      tr("%1 Drag it onto the canvas, or click. (%2)").arg(tip, keys.toString(QKeySequence::NativeText)));
  button->setFocusPolicy(Qt::StrongFocus);
  button->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  const auto add = [this, kind] {
    view_.commands().add(kind, view_.middle(), false);
    view_.setFocus();
  };
  connect(button, &QToolButton::clicked, this, add);
  // A button's own shortcut would first show it pressed for a while.
  connect(new QShortcut(keys, button), &QShortcut::activated, this, add);
  buttons_.insert(static_cast<int>(kind), button);
  return button;
}

QToolButton* PalettePanel::button(ItemKind kind) const {
  return buttons_.value(static_cast<int>(kind));
}

}  // namespace geomx::gui

#pragma once

#include <QList>
#include <QToolButton>
#include <QWidget>

namespace geomx::gui {

class CanvasView;
enum class ItemKind;

// What a network is made of, to be dragged onto the canvas; a click, or Enter, adds it where there is room.
class PalettePanel : public QWidget {
  Q_OBJECT

 public:
  explicit PalettePanel(CanvasView& view, QWidget* parent = nullptr);
  QToolButton* button(ItemKind kind) const;  // for tests and the tour

 private:
  QToolButton* add_button(ItemKind kind, const QString& drawing, const QString& text, const QString& tip,
                          const QKeySequence& keys);

  CanvasView& view_;
  QHash<int, QToolButton*> buttons_;
};

}  // namespace geomx::gui

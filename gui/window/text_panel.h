#pragma once

#include <QPlainTextEdit>
#include <QTimer>

#include "gui/model/document.h"

namespace geomx::gui {

// The scenario file's text, as it stands; what is typed here is an edit like any other. For whatever the forms have no
// field for, and for files with errors.
class TextPanel : public QWidget {
  Q_OBJECT

 public:
  explicit TextPanel(Document& document, QWidget* parent = nullptr);
  void show_line(int line, int column);
  QPlainTextEdit* editor() const { return editor_; }
  void take();  // what was typed, now

 private:
  void refill();

  Document& document_;
  QPlainTextEdit* editor_;
  QTimer take_soon_;
  bool taking_ = false;
};

}  // namespace geomx::gui

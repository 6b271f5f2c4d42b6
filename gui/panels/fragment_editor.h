#pragma once

#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QWidget>
#include <functional>
#include <optional>

#include "gui/model/problem.h"

namespace geomx::gui {

// A piece of the file as it is written, for what has no form. It is judged while somebody types, and taken with the
// button or Ctrl+Enter, if it can be; Escape takes back what was typed.
class FragmentEditor : public QWidget {
  Q_OBJECT

 public:
  struct Source {
    std::function<QString()> read;
    std::function<std::optional<Problem>(const QString& json)> judge;
    std::function<std::optional<Problem>(const QString& json)> set;
  };

  explicit FragmentEditor(Source source, QWidget* parent = nullptr);
  void refresh();  // unless somebody is typing

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void typing();
  void apply();
  void mark(const std::optional<Problem>& problem);

  Source source_;
  QPlainTextEdit* text_;
  QLabel* reason_;
  QPushButton* apply_;
  bool typing_ = false;
};

}  // namespace geomx::gui

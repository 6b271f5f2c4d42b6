#pragma once

#include <QFrame>
#include <functional>
#include <vector>

class QHBoxLayout;
class QLabel;

namespace geomx::gui {

// Something that wants an answer, though not at once: a line above the canvas with buttons. One at a time; a new one
// takes the place of the old.
class NoticeBar : public QFrame {
  Q_OBJECT

 public:
  struct Choice {
    QString text;
    std::function<void()> work;  // the notice goes first
  };

  explicit NoticeBar(QWidget* parent = nullptr);
  void ask(const QString& text, const std::vector<Choice>& choices);
  QString text() const;
  void dismiss();

 private:
  QLabel* text_;
  QHBoxLayout* row_;
  std::vector<QWidget*> buttons_;
};

}  // namespace geomx::gui

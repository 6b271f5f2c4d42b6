#pragma once

#include <QFrame>
#include <QPointer>
#include <QString>
#include <vector>

class QLabel;
class QPushButton;

namespace geomx::gui {

// The way through the window in a few steps: each lights up one part of it and says what it is for. Keys: Enter and
// Right go on, Left goes back, Escape ends it.
class Tour : public QWidget {
  Q_OBJECT

 public:
  struct Step {
    QString title;
    QString text;
    QPointer<QWidget> about;
  };

  Tour(std::vector<Step> steps, QWidget* window);
  int step() const { return at_; }
  int steps() const { return static_cast<int>(steps_.size()); }

 signals:
  void ended();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void go(int step);
  void end();
  QRect lit() const;
  void place_card();

  std::vector<Step> steps_;
  int at_ = 0;
  QFrame* card_;
  QLabel* count_;
  QLabel* title_;
  QLabel* text_;
  QPushButton* back_;
  QPushButton* next_;
};

}  // namespace geomx::gui

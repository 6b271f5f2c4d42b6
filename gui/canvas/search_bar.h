#pragma once

#include <QFrame>
#include <QLabel>
#include <QLineEdit>
#include <QStringList>

namespace geomx::gui {

class CanvasView;

// Looks for a name: all that contain it are marked, Enter goes from one to the next, Escape closes it.
class SearchBar : public QFrame {
  Q_OBJECT

 public:
  explicit SearchBar(CanvasView& view, QWidget* parent);
  void open();
  QLineEdit* field() const { return field_; }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void look();
  void step(int by);
  void close_bar();
  void put_in_corner();

  CanvasView& view_;
  QLineEdit* field_;
  QLabel* count_;
  QStringList hits_;
  qsizetype at_ = 0;
};

}  // namespace geomx::gui

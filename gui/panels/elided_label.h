#pragma once

#include <QLabel>

namespace geomx::gui {

// One line that is shortened with "..." where there is no room; the whole of it is its tool tip.
class ElidedLabel : public QLabel {
  Q_OBJECT

 public:
  explicit ElidedLabel(QWidget* parent = nullptr);
  QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
};

}  // namespace geomx::gui

#pragma once

#include <QWidget>

#include "gui/panels/theme.h"

namespace geomx::gui {

// A lamp as high as its text. Colour and form say the same: a disc, a ring, a cross.
class StateLight : public QWidget {
  Q_OBJECT

 public:
  explicit StateLight(QWidget* parent = nullptr);
  void set_mood(Mood mood);
  Mood mood() const { return mood_; }
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  Mood mood_ = Mood::off;
};

}  // namespace geomx::gui

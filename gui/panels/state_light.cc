#include "gui/panels/state_light.h"

#include <QPainter>
#include <QPen>

namespace geomx::gui {

StateLight::StateLight(QWidget* parent) : QWidget(parent) {
  setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void StateLight::set_mood(Mood mood) {
  mood_ = mood;
  update();
}

QSize StateLight::sizeHint() const {
  const int side = fontMetrics().ascent();
  return {side, side};
}

void StateLight::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const QColor colour = mood_colour(mood_, palette());
  const double width = this->width() / 6.0;
  const QRectF inner = QRectF(rect()).adjusted(width, width, -width, -width);
  painter.setPen(QPen(colour, width));
  if (mood_ == Mood::good) painter.setBrush(colour);
  if (mood_ == Mood::bad) {
    painter.drawLine(inner.topLeft(), inner.bottomRight());
    painter.drawLine(inner.bottomLeft(), inner.topRight());
  } else {
    painter.drawEllipse(inner);
  }
}

}  // namespace geomx::gui

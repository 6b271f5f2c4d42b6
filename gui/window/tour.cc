#include "gui/window/tour.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <algorithm>

namespace geomx::gui {

Tour::Tour(std::vector<Step> steps, QWidget* window)
    : QWidget(window),
      steps_(std::move(steps)),
      card_(new QFrame(this)),
      count_(new QLabel(card_)),
      title_(new QLabel(card_)),
      text_(new QLabel(card_)),
      back_(new QPushButton(tr("&Back"), card_)),
      next_(new QPushButton(card_)) {
  setFocusPolicy(Qt::StrongFocus);
  card_->setObjectName(QStringLiteral("card"));
  card_->setStyleSheet(
      QStringLiteral("#card { background: palette(base); border: 1px solid palette(mid); border-radius: 10px; }"));
  QFont strong = QApplication::font();
  strong.setWeight(QFont::DemiBold);
  strong.setPixelSize(std::max(strong.pixelSize(), 10) + 4);
  title_->setFont(strong);
  text_->setWordWrap(true);
  auto* skip = new QPushButton(tr("&End the tour"), card_);
  skip->setFlat(true);
  next_->setDefault(true);
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(skip);
  buttons->addStretch();
  buttons->addWidget(back_);
  buttons->addWidget(next_);
  auto* layout = new QVBoxLayout(card_);
  layout->setContentsMargins(20, 16, 16, 14);
  layout->addWidget(count_);
  layout->addWidget(title_);
  layout->addWidget(text_);
  layout->addSpacing(8);
  layout->addLayout(buttons);
  for (QPushButton* button : {skip, back_, next_}) button->setFocusPolicy(Qt::NoFocus);  // the keys are the tour's
  connect(skip, &QPushButton::clicked, this, &Tour::end);
  connect(back_, &QPushButton::clicked, this, [this] { go(at_ - 1); });
  connect(next_, &QPushButton::clicked, this, [this] { go(at_ + 1); });
  window->installEventFilter(this);
  resize(window->size());
  go(0);
  show();
  place_card();  // its fonts are the style's only now
  raise();
  setFocus();
}

void Tour::go(int step) {
  if (step >= steps()) {
    end();
    return;
  }
  at_ = std::max(step, 0);
  const Step& now = steps_[static_cast<std::size_t>(at_)];
  count_->setText(tr("Step %1 of %2").arg(at_ + 1).arg(steps()));
  title_->setText(now.title);
  text_->setText(now.text);
  back_->setEnabled(at_ > 0);
  next_->setText(at_ + 1 == steps() ? tr("&Done") : tr("&Next"));
  place_card();
  update();
}

void Tour::end() {
  hide();
  deleteLater();
  emit ended();
}

QRect Tour::lit() const {
  const QWidget* about = steps_[static_cast<std::size_t>(at_)].about;
  if (about == nullptr || !about->isVisible()) return {};
  return QRect(about->mapTo(parentWidget(), QPoint()), about->size()).intersected(rect());
}

// Beside what it is about, where there is room; upon it where there is none.
void Tour::place_card() {
  QLayout& inside = *card_->layout();
  inside.invalidate();
  const int wide = std::min(std::max(380, inside.totalMinimumSize().width()), width() - 40);
  card_->setFixedSize(wide, inside.totalHeightForWidth(wide));
  const QRect about = lit();
  const QSize size = card_->size();
  constexpr int kGap = 16;
  QPoint at = rect().center() - card_->rect().center();
  if (!about.isNull()) {
    if (about.right() + kGap + size.width() < width()) {
      at = QPoint(about.right() + kGap, about.top() + kGap);
    } else if (about.left() - kGap - size.width() > 0) {
      at = QPoint(about.left() - kGap - size.width(), about.top() + kGap);
    } else if (about.bottom() + kGap + size.height() < height()) {
      at = QPoint(about.center().x() - size.width() / 2, about.bottom() + kGap);
    } else if (about.top() - kGap - size.height() > 0) {
      at = QPoint(about.center().x() - size.width() / 2, about.top() - kGap - size.height());
    }
  }
  at.setX(std::clamp(at.x(), 10, std::max(10, width() - size.width() - 10)));
  at.setY(std::clamp(at.y(), 10, std::max(10, height() - size.height() - 10)));
  card_->move(at);
}

void Tour::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  QPainterPath shade;
  shade.addRect(rect());
  const QRect about = lit();
  if (!about.isNull()) shade.addRoundedRect(QRectF(about).adjusted(1, 1, -1, -1), 8, 8);
  painter.fillPath(shade, QColor(10, 16, 24, 120));
  if (about.isNull()) return;
  painter.setPen(QPen(palette().color(QPalette::Highlight), 2.5));
  painter.drawRoundedRect(QRectF(about).adjusted(1, 1, -1, -1), 8, 8);
}

void Tour::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Escape:
      end();
      break;
    case Qt::Key_Left:
      go(at_ - 1);
      break;
    case Qt::Key_Right:
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
      go(at_ + 1);
      break;
    default:
      break;
  }
}

bool Tour::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Resize && watched == parent()) {
    resize(parentWidget()->size());
    place_card();
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace geomx::gui

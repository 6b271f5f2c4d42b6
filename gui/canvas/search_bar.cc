#include "gui/canvas/search_bar.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QToolButton>

#include "gui/canvas/canvas_view.h"
#include "gui/theme/icons.h"

namespace geomx::gui {

SearchBar::SearchBar(CanvasView& view, QWidget* parent)
    : QFrame(parent), view_(view), field_(new QLineEdit(this)), count_(new QLabel(this)) {
  setAutoFillBackground(true);
  setFrameShape(StyledPanel);
  field_->setPlaceholderText(tr("Name of a node or link"));
  field_->setClearButtonEnabled(true);
  field_->setMinimumWidth(190);
  count_->setMinimumWidth(fontMetrics().horizontalAdvance(QStringLiteral("888 / 888")));
  count_->setAlignment(Qt::AlignCenter);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(8, 6, 6, 6);
  row->addWidget(field_);
  row->addWidget(count_);
  const auto add = [&](const char* drawing, const QString& tip, auto work) {
    auto* button = new QToolButton(this);
    button->setIcon(icon(drawing));
    button->setToolTip(tip);
    connect(button, &QToolButton::clicked, this, work);
    row->addWidget(button);
  };
  add("chevron-up", tr("The one before (Shift+Enter)"), [this] { step(-1); });
  add("chevron-down", tr("The next one (Enter)"), [this] { step(1); });
  add("close", tr("Close (Esc)"), [this] { close_bar(); });
  connect(field_, &QLineEdit::textChanged, this, &SearchBar::look);
  field_->installEventFilter(this);
  parent->installEventFilter(this);
  hide();
}

void SearchBar::open() {
  put_in_corner();
  show();
  raise();
  field_->setFocus();
  field_->selectAll();
  look();
}

void SearchBar::put_in_corner() {
  adjustSize();
  move(parentWidget()->width() - width() - 14, 12);
}

void SearchBar::look() {
  hits_ = view_.canvas().search(field_->text());
  at_ = -1;
  if (hits_.isEmpty()) {
    count_->setText(field_->text().isEmpty() ? QString() : tr("none"));
  } else {
    step(1);
  }
}

void SearchBar::step(int by) {
  if (hits_.isEmpty()) return;
  at_ = (at_ + by + hits_.size()) % hits_.size();
  view_.reveal(hits_[at_]);
  count_->setText(QStringLiteral("%1 / %2").arg(at_ + 1).arg(hits_.size()));
}

void SearchBar::close_bar() {
  hide();
  view_.canvas().search({});
  view_.setFocus();
}

bool SearchBar::eventFilter(QObject* watched, QEvent* event) {
  if (watched == parent() && event->type() == QEvent::Resize) put_in_corner();
  if (watched == field_ && event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) {
      step(key->modifiers().testFlag(Qt::ShiftModifier) ? -1 : 1);
      return true;
    }
    if (key->key() == Qt::Key_Escape) {
      close_bar();
      return true;
    }
  }
  return QFrame::eventFilter(watched, event);
}

}  // namespace geomx::gui

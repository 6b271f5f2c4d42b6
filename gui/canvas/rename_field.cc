#include "gui/canvas/rename_field.h"

#include <QKeyEvent>
#include <QToolTip>

namespace geomx::gui {

RenameField::RenameField(TopologyModel& model, const QString& id, QWidget* parent)
    : QLineEdit(parent), model_(model), id_(id) {
  const Item* item = model.find(id);
  setText(item == nullptr ? QString() : item->name);
  setAlignment(Qt::AlignCenter);
  setAccessibleName(tr("Name"));
  selectAll();
}

void RenameField::show_at(QPoint center) {
  const int width = std::max(150, fontMetrics().horizontalAdvance(text()) + 40);
  resize(width, sizeHint().height());
  move(center - rect().center());
  show();
  setFocus();
}

void RenameField::finish() {
  hide();
  deleteLater();
  emit done();
}

void RenameField::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) {
    finish();
  } else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
    if (model_.find(id_) == nullptr) {
      finish();
    } else if (const auto problem = model_.rename(id_, text().trimmed())) {
      QToolTip::showText(mapToGlobal(rect().bottomLeft()), problem->sentence(), this);
      selectAll();
    } else {
      finish();
    }
  } else {
    QLineEdit::keyPressEvent(event);
  }
}

void RenameField::focusOutEvent(QFocusEvent* event) {
  QLineEdit::focusOutEvent(event);
  if (isVisible() && event->reason() != Qt::PopupFocusReason && event->reason() != Qt::ActiveWindowFocusReason)
    finish();
}

}  // namespace geomx::gui

#include "gui/panels/fragment_editor.h"

#include <QFontDatabase>
#include <QKeyEvent>
#include <QVBoxLayout>

#include "gui/panels/property_field.h"

namespace geomx::gui {

FragmentEditor::FragmentEditor(Source source, QWidget* parent)
    : QWidget(parent),
      source_(std::move(source)),
      text_(new QPlainTextEdit(this)),
      reason_(new QLabel(this)),
      apply_(new QPushButton(tr("Apply"), this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  text_->setObjectName(QStringLiteral("fragment"));
  text_->setAccessibleName(tr("As it is written in the file"));
  text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  text_->setTabChangesFocus(true);
  text_->installEventFilter(this);
  reason_->setObjectName(QStringLiteral("fragment/reason"));
  reason_->setWordWrap(true);
  apply_->setObjectName(QStringLiteral("fragment/apply"));
  apply_->setToolTip(tr("Ctrl+Enter"));
  column->addWidget(text_);
  column->addWidget(reason_);
  column->addWidget(apply_);
  connect(text_, &QPlainTextEdit::textChanged, this, &FragmentEditor::typing);
  connect(apply_, &QPushButton::clicked, this, &FragmentEditor::apply);
  refresh();
}

void FragmentEditor::refresh() {
  if (typing_) return;
  const QSignalBlocker quiet(text_);
  const QString now = source_.read();
  if (text_->toPlainText() != now) text_->setPlainText(now);
  mark(std::nullopt);
  apply_->setEnabled(false);
}

void FragmentEditor::typing() {
  typing_ = text_->toPlainText() != source_.read();
  const std::optional<Problem> problem = typing_ ? source_.judge(text_->toPlainText()) : std::nullopt;
  mark(problem);
  apply_->setEnabled(typing_ && !problem);
}

void FragmentEditor::apply() {
  const std::optional<Problem> problem = source_.set(text_->toPlainText());
  if (problem) {
    mark(problem);
    return;
  }
  typing_ = false;
  refresh();
}

void FragmentEditor::mark(const std::optional<Problem>& problem) {
  reason_->setVisible(problem.has_value());
  reason_->setText(problem ? QStringLiteral("\u26a0 ") + problem->sentence() : QString());
  QPalette palette = this->palette();
  palette.setColor(QPalette::WindowText, error_color(palette));
  reason_->setPalette(palette);
}

bool FragmentEditor::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::KeyPress) {
    const auto* key = static_cast<QKeyEvent*>(event);
    const bool is_enter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
    if (is_enter && key->modifiers().testFlag(Qt::ControlModifier)) {
      apply();
      return true;
    }
    if (key->key() == Qt::Key_Escape && typing_) {
      typing_ = false;
      refresh();
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace geomx::gui

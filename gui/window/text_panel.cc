#include "gui/window/text_panel.h"

#include <QTextBlock>
#include <QVBoxLayout>
#include <algorithm>

namespace geomx::gui {

TextPanel::TextPanel(Document& document, QWidget* parent)
    : QWidget(parent), document_(document), editor_(new QPlainTextEdit(this)) {
  editor_->setLineWrapMode(QPlainTextEdit::NoWrap);
  editor_->setUndoRedoEnabled(false);  // the document's steps are the ones that count
  editor_->setTabChangesFocus(true);
  editor_->setAccessibleName(tr("Text of the scenario file"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(editor_);
  take_soon_.setSingleShot(true);
  take_soon_.setInterval(600);
  connect(&take_soon_, &QTimer::timeout, this, &TextPanel::take);
  connect(editor_, &QPlainTextEdit::textChanged, this, [this] {
    if (!taking_) take_soon_.start();
  });
  connect(&document, &Document::changed, this, &TextPanel::refill);
  refill();
}

void TextPanel::take() {
  take_soon_.stop();
  const QByteArray text = editor_->toPlainText().toUtf8();
  if (text == document_.text()) return;
  taking_ = true;
  document_.replace_text(tr("Edit the text"), text);
  taking_ = false;
}

void TextPanel::refill() {
  if (taking_) return;
  const QString text = QString::fromUtf8(document_.text());
  if (text == editor_->toPlainText()) return;
  take_soon_.stop();
  taking_ = true;
  const int at = editor_->textCursor().position();
  editor_->setPlainText(text);
  QTextCursor cursor = editor_->textCursor();
  cursor.setPosition(std::min(at, static_cast<int>(text.size())));
  editor_->setTextCursor(cursor);
  taking_ = false;
}

void TextPanel::show_line(int line, int column) {
  const QTextBlock block = editor_->document()->findBlockByNumber(line - 1);
  if (!block.isValid()) return;
  QTextCursor cursor(block);
  cursor.setPosition(block.position() + std::clamp(column - 1, 0, block.length() - 1));
  cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
  editor_->setTextCursor(cursor);
  editor_->centerCursor();
  editor_->setFocus();
}

}  // namespace geomx::gui

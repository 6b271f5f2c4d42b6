#include "gui/window/notice_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace geomx::gui {

NoticeBar::NoticeBar(QWidget* parent) : QFrame(parent), text_(new QLabel(this)), row_(new QHBoxLayout(this)) {
  setObjectName(QStringLiteral("notice"));
  setStyleSheet(QStringLiteral("#notice { border: none; border-bottom: 2px solid palette(highlight); }"));
  setAutoFillBackground(true);
  text_->setWordWrap(true);
  row_->setContentsMargins(14, 7, 10, 7);
  row_->addWidget(text_, 1);
  hide();
}

void NoticeBar::ask(const QString& text, const std::vector<Choice>& choices) {
  dismiss();
  text_->setText(text);
  for (const Choice& choice : choices) {
    auto* button = new QPushButton(choice.text, this);
    connect(button, &QPushButton::clicked, this, [this, work = choice.work] {
      dismiss();
      if (work) work();
    });
    row_->addWidget(button);
    buttons_.push_back(button);
  }
  show();
}

QString NoticeBar::text() const {
  return isHidden() ? QString() : text_->text();
}

void NoticeBar::dismiss() {
  for (QWidget* button : buttons_) {
    button->hide();
    button->deleteLater();
  }
  buttons_.clear();
  hide();
}

}  // namespace geomx::gui

#include "gui/window/template_dialog.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "emulator/base/error.h"
#include "gui/model/exchange.h"

namespace geomx::gui {

TemplateDialog::TemplateDialog(QWidget* parent)
    : QDialog(parent),
      list_(new QListWidget(this)),
      description_(new QLabel(this)),
      form_(new QFormLayout),
      rate_(new QLineEdit(this)),
      delay_(new QLineEdit(this)),
      why_not_(new QLabel(this)) {
  setWindowTitle(tr("New from a template"));
  resize(680, 420);
  for (const Template& one : templates()) list_->addItem(one.label);
  list_->setFixedWidth(190);
  list_->setAccessibleName(tr("Templates"));
  description_->setWordWrap(true);
  why_not_->setWordWrap(true);
  why_not_->setObjectName(QStringLiteral("why_not"));
  rate_->setPlaceholderText(tr("as the template has it, or e.g. 100Mbit"));
  delay_->setPlaceholderText(tr("as the template has it, or e.g. 20ms"));
  rate_->setToolTip(tr("How many bits per second a link lets through."));
  delay_->setToolTip(tr("How long a packet takes from one end of a link to the other, one way."));

  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
  buttons->button(QDialogButtonBox::Ok)->setText(tr("C&reate"));
  connect(buttons, &QDialogButtonBox::accepted, this, &TemplateDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* right = new QVBoxLayout;
  right->addWidget(description_);
  right->addSpacing(8);
  right->addLayout(form_);
  right->addStretch();
  right->addWidget(why_not_);
  right->addWidget(buttons);
  auto* row = new QHBoxLayout(this);
  row->addWidget(list_);
  row->addLayout(right, 1);
  form_->addRow(tr("&Rate of links"), rate_);
  form_->addRow(tr("&Delay of links"), delay_);
  connect(list_, &QListWidget::currentRowChanged, this, &TemplateDialog::show_numbers);
  connect(list_, &QListWidget::itemDoubleClicked, this, &TemplateDialog::accept);
  list_->setCurrentRow(0);
}

void TemplateDialog::show_numbers() {
  for (QSpinBox* box : numbers_) form_->removeRow(box);
  numbers_.clear();
  why_not_->clear();
  const int row = list_->currentRow();
  if (row < 0) return;
  const Template& one = templates()[row];
  description_->setText(one.description);
  for (qsizetype i = 0; i < one.numbers.size(); ++i) {
    const Template::Number& number = one.numbers[i];
    auto* box = new QSpinBox(this);
    box->setRange(number.least, number.most);
    box->setValue(number.value);
    box->setToolTip(number.tip);
    form_->insertRow(static_cast<int>(i), number.label, box);
    numbers_ << box;
  }
}

void TemplateDialog::accept() {
  if (list_->currentRow() < 0) return;
  QList<int> numbers;
  for (const QSpinBox* box : numbers_) numbers << box->value();
  QMap<QString, QString> link;
  if (!rate_->text().trimmed().isEmpty()) link.insert("rate", rate_->text().trimmed());
  if (!delay_->text().trimmed().isEmpty()) link.insert("delay", delay_->text().trimmed());
  try {
    text_ = make_template(templates()[list_->currentRow()].name, numbers, link);
  } catch (const geomx::Error& error) {
    why_not_->setText(QString::fromStdString(error.line()));
    return;
  }
  QDialog::accept();
}

}  // namespace geomx::gui

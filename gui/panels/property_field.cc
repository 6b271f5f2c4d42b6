#include "gui/panels/property_field.h"

#include <QEvent>
#include <QKeyEvent>
#include <QStyle>
#include <QVBoxLayout>

namespace geomx::gui {

QColor error_color(const QPalette& palette) {
  return palette.color(QPalette::Base).lightness() < 128 ? QColor(0xff, 0x8a, 0x80) : QColor(0xb3, 0x26, 0x1e);
}

PropertyField::PropertyField(const Property& property, const QString& path, Binding binding, QWidget* parent)
    : QWidget(parent), property_(property), path_(path), binding_(std::move(binding)), reason_(new QLabel(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2);
  const bool is_choice = property.kind == PropertyKind::choice || property.kind == PropertyKind::boolean;
  if (is_choice) {
    make_choice();
  } else {
    make_line();
  }
  editor()->setObjectName(path);
  editor()->setAccessibleName(property.label);
  editor()->setToolTip(property.tip);
  editor()->installEventFilter(this);
  column->addWidget(editor());
  reason_->setObjectName(path + QStringLiteral("/reason"));
  reason_->setWordWrap(true);
  reason_->hide();
  column->addWidget(reason_);
  setFocusProxy(editor());
  refresh();
}

// A line that has the focus finishes its editing while it goes, when there is no field to hear it any more.
PropertyField::~PropertyField() {
  editor()->removeEventFilter(this);
  editor()->disconnect(this);
}

QWidget* PropertyField::editor() const {
  return line_ != nullptr ? static_cast<QWidget*>(line_) : choice_;
}

QString PropertyField::reason() const {
  return reason_->isHidden() ? QString() : reason_->text();
}

bool PropertyField::is_empty() const {
  const bool nothing = line_ != nullptr ? line_->text().isEmpty() : choice_->currentIndex() == 0;
  return nothing && reason().isEmpty();
}

void PropertyField::make_line() {
  line_ = new QLineEdit(this);
  connect(line_, &QLineEdit::textEdited, this, &PropertyField::typing);
  connect(line_, &QLineEdit::editingFinished, this, [this] {
    if (typing_) commit(line_->text());
  });
}

// The first entry leaves the property out.
void PropertyField::make_choice() {
  choice_ = new QComboBox(this);
  choice_->setFocusPolicy(Qt::StrongFocus);
  choice_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  choice_->setMinimumContentsLength(8);
  choice_->addItem(QString());
  const QStringList choices =
      property_.kind == PropertyKind::boolean ? QStringList{"true", "false"} : property_.choices;
  choice_->addItems(choices);
  connect(choice_, &QComboBox::activated, this,
          [this](int index) { commit(index == 0 ? QString() : choice_->itemText(index)); });
}

QString PropertyField::hint_of(const Binding::Value& value) const {
  if (value.several) return tr("(several)");
  if (!value.otherwise.isEmpty()) return value.otherwise;
  if (!property_.by_default.isEmpty()) return tr("%1 (default)").arg(property_.by_default);
  return property_.examples.isEmpty() ? QString() : tr("for example %1").arg(property_.examples.front());
}

void PropertyField::refresh() {
  if (typing_ && !committing_) return;
  const Binding::Value value = binding_.read();
  if (line_ != nullptr) {
    show_line(value);
  } else {
    show_choice(value);
  }
  const Problems problems = binding_.problems ? binding_.problems() : Problems();
  mark(problems.isEmpty() ? std::nullopt : std::optional<Problem>(problems.front()));
}

void PropertyField::show_line(const Binding::Value& value) {
  const QString text = value.several ? QString() : value.typed.value_or(QString());
  if (line_->text() != text) line_->setText(text);
  line_->setPlaceholderText(hint_of(value));
  line_->setCursorPosition(0);
}

void PropertyField::show_choice(const Binding::Value& value) {
  const QString hint = hint_of(value);
  choice_->setItemText(0, hint.isEmpty() ? tr("(none)") : hint);
  int index = value.several || !value.typed ? 0 : choice_->findText(*value.typed);
  if (index < 0) {  // the file has something else, such as a model's file
    choice_->addItem(*value.typed);
    index = choice_->count() - 1;
  }
  choice_->setCurrentIndex(index);
}

void PropertyField::typing(const QString& text) {
  typing_ = true;
  mark(binding_.judge ? binding_.judge(json_of(property_, text)) : std::nullopt);
}

void PropertyField::commit(const QString& text) {
  committing_ = true;
  std::optional<Problem> problem;
  {
    const Document::Series together(*binding_.document, series_);
    problem = binding_.set(json_of(property_, text));
  }
  committing_ = false;
  typing_ = problem.has_value() && line_ != nullptr;
  if (!problem || line_ == nullptr) refresh();
  if (problem) mark(problem);
}

void PropertyField::mark(const std::optional<Problem>& problem) {
  reason_->setVisible(problem.has_value());
  reason_->setText(problem ? QStringLiteral("\u26a0 ") + problem->sentence() : QString());
  QPalette palette = this->palette();
  palette.setColor(QPalette::WindowText, error_color(palette));
  reason_->setPalette(palette);
  editor()->setToolTip(problem ? problem->sentence() + QStringLiteral("\n\n") + property_.tip : property_.tip);
  editor()->setProperty("invalid", problem.has_value());
  const QString border = QStringLiteral("border: 2px solid %1;").arg(error_color(palette).name());
  editor()->setStyleSheet(problem ? border : QString());
}

bool PropertyField::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Wheel && !editor()->hasFocus()) {
    event->ignore();  // it is the panel that is scrolled, not the value
    return true;
  }
  const bool begins = event->type() == QEvent::FocusIn || event->type() == QEvent::MouseButtonPress;
  if (begins && choice_ != nullptr) series_ = Document::Series::fresh();
  if (event->type() == QEvent::KeyPress && typing_ && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
    typing_ = false;
    refresh();
    return true;
  }
  return QWidget::eventFilter(watched, event);
}

}  // namespace geomx::gui

#include "gui/panels/property_form.h"

namespace geomx::gui {

PropertyForm::PropertyForm(Section section, const QString& prefix, const Bind& bind, QWidget* parent)
    : QWidget(parent), more_(new QPushButton(tr("Show all properties"), this)) {
  auto* form = new QFormLayout(this);
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  form->setRowWrapPolicy(QFormLayout::WrapLongRows);
  bool has_more = false;
  // What is seldom needed comes last, in the catalogue's order otherwise.
  for (const bool advanced : {false, true}) {
    for (const Property& property : properties(section)) {
      if (property.advanced != advanced) continue;
      const QString path = prefix + property.path;
      const std::optional<Binding> binding = bind(property, path);
      if (!binding) continue;
      auto* field = new PropertyField(property, path, *binding, this);
      auto* label = new QLabel(property.label, this);
      label->setBuddy(field);
      label->setToolTip(property.tip);
      label->setMinimumWidth(fontMetrics().averageCharWidth() * 12);  // so that forms below each other are in line
      form->addRow(label, field);
      rows_.append({label, field});
      has_more = has_more || advanced;
    }
  }
  more_->setObjectName(prefix + QStringLiteral("more"));
  more_->setCheckable(true);
  more_->setFlat(true);
  more_->setVisible(has_more);
  form->addRow(more_);
  connect(more_, &QPushButton::toggled, this, &PropertyForm::show_all);
  show_all(false);
}

void PropertyForm::show_all(bool all) {
  more_->setText(all ? tr("Show fewer properties") : tr("Show all properties"));
  for (const Row& row : rows_) {
    // What is set, or wrong, is always there.
    const bool is_set = row.field->property().advanced && !row.field->is_empty();
    const bool visible = all || is_set || !row.field->property().advanced;
    row.label->setVisible(visible);
    row.field->setVisible(visible);
  }
}

void PropertyForm::refresh() {
  for (const Row& row : rows_) row.field->refresh();
  show_all(more_->isChecked());
}

PropertyField* PropertyForm::reveal(const QString& path) {
  for (const Row& row : rows_) {
    if (row.field->path() != path) continue;
    if (row.field->isHidden()) more_->setChecked(true);
    return row.field;
  }
  return nullptr;
}

}  // namespace geomx::gui

#include "gui/panels/list_editor.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include "gui/panels/bindings.h"

namespace geomx::gui {
namespace {

// {"at": "3s", "link": "wan"} as "at 3s · link wan".
QString in_words(const JsonText& json, const JsonNode& element) {
  QStringList parts;
  for (const JsonNode& member : element.children) {
    const QString value = json.typed(member);
    parts.append(member.kind == JsonNode::Kind::literal ? member.name : member.name + QLatin1Char(' ') + value);
  }
  return parts.join(QStringLiteral(" \u00b7 "));
}

QPushButton* button(const QString& name, const QString& text, const QString& tip, QWidget* parent) {
  auto* result = new QPushButton(text, parent);
  result->setObjectName(name);
  result->setToolTip(tip);
  return result;
}

}  // namespace

ListEditor::ListEditor(TopologyModel& model, Section section, const QString& list, std::function<QString()> fresh,
                       QWidget* parent)
    : QWidget(parent),
      model_(model),
      section_(section),
      list_(list),
      fresh_(std::move(fresh)),
      rows_(new QListWidget(this)),
      add_(button(list + "/add", tr("Add"), tr("Adds one at the end"), this)),
      remove_(button(list + "/remove", tr("Remove"), tr("Removes the chosen one"), this)),
      up_(button(list + "/up", QStringLiteral("\u2191"), tr("Moves the chosen one up"), this)),
      down_(button(list + "/down", QStringLiteral("\u2193"), tr("Moves the chosen one down"), this)) {
  rows_->setObjectName(list);
  rows_->setTextElideMode(Qt::ElideRight);
  rows_->setMaximumHeight(160);
  auto* buttons = new QHBoxLayout;
  for (QPushButton* one : {add_, remove_, up_, down_}) buttons->addWidget(one);
  auto* column = new QVBoxLayout(this);
  column->addWidget(rows_);
  column->addLayout(buttons);
  column->addStretch();
  connect(rows_, &QListWidget::currentRowChanged, this, &ListEditor::show_form);
  connect(add_, &QPushButton::clicked, this, [this] { choose(model_.append(list_, fresh_())); });
  connect(remove_, &QPushButton::clicked, this, [this] { model_.remove_element(list_, chosen()); });
  const auto move = [this](int by) {
    const int to = chosen() + by;
    if (to < 0 || to >= size()) return;
    model_.move_element(list_, chosen(), to);
    choose(to);
  };
  connect(up_, &QPushButton::clicked, this, [move] { move(-1); });
  connect(down_, &QPushButton::clicked, this, [move] { move(1); });
  refresh();
}

int ListEditor::size() const {
  const JsonText* json = model_.document().json();
  const JsonNode* node = json == nullptr ? nullptr : json->find(list_);
  return node == nullptr ? 0 : static_cast<int>(node->children.size());
}

void ListEditor::refresh() {
  const JsonText* json = model_.document().json();
  const JsonNode* node = json == nullptr ? nullptr : json->find(list_);
  const int count = size();
  const int row = std::min(chosen(), count - 1);
  {
    const QSignalBlocker quiet(rows_);
    while (rows_->count() > count) delete rows_->takeItem(rows_->count() - 1);
    while (rows_->count() < count) rows_->addItem(QString());
    for (int i = 0; i < count; ++i) {
      const JsonNode& element = node->children[static_cast<std::size_t>(i)];
      const Problems problems = model_.document().problems_within(child(list_, i));
      const QString mark = problems.isEmpty() ? QString() : QStringLiteral("\u26a0 ");
      rows_->item(i)->setText(mark + in_words(*json, element));
      rows_->item(i)->setToolTip(problems.isEmpty() ? rows_->item(i)->text() : problems.front().sentence());
    }
    rows_->setCurrentRow(row);
  }
  if (shown_ != row) show_form(row);
  if (form_ != nullptr) form_->refresh();
  remove_->setEnabled(row >= 0);
  up_->setEnabled(row > 0);
  down_->setEnabled(row >= 0 && row + 1 < count);
}

void ListEditor::choose(int index) {
  if (index >= 0 && index < rows_->count()) rows_->setCurrentRow(index);
}

// A form of its own for each: what somebody was typing belonged to the one before.
void ListEditor::show_form(int index) {
  if (form_ != nullptr) form_->deleteLater();
  form_ = nullptr;
  shown_ = index;
  if (index < 0) return;
  const QString pointer = child(list_, index);
  form_ = new PropertyForm(
      section_, {},
      [&](const Property&, const QString& path) -> std::optional<Binding> {
        return value_binding(model_, pointer + QLatin1Char('/') + path);
      },
      this);
  static_cast<QVBoxLayout*>(layout())->insertWidget(2, form_);
  remove_->setEnabled(true);
  up_->setEnabled(index > 0);
  down_->setEnabled(index + 1 < rows_->count());
}

PropertyField* ListEditor::reveal(const QString& path) {
  return form_ == nullptr ? nullptr : form_->reveal(path);
}

}  // namespace geomx::gui

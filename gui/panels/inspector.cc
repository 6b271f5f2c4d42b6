#include "gui/panels/inspector.h"

#include <QScrollArea>
#include <QVBoxLayout>
#include <algorithm>

namespace geomx::gui {
namespace {

bool has_training(const TopologyModel& model) {
  const JsonText* json = model.document().json();
  return json != nullptr && json->find(QStringLiteral("/training")) != nullptr;
}

}  // namespace

Inspector::Inspector(TopologyModel& model, QWidget* parent) : QWidget(parent), model_(model), title_(new QLabel(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(6, 4, 6, 6);
  title_->setObjectName(QStringLiteral("title"));
  title_->setTextFormat(Qt::PlainText);
  column->addWidget(title_);
  connect(&model, &TopologyModel::item_renamed, this, &Inspector::rename);
  connect(&model, &TopologyModel::item_removed, this, &Inspector::forget);
  connect(&model, &TopologyModel::changed, this, &Inspector::refresh);
  soon_.setSingleShot(true);
  soon_.setInterval(0);
  connect(&soon_, &QTimer::timeout, this, &Inspector::settle);
  rebuild();
}

Inspector::~Inspector() = default;

void Inspector::show(const QStringList& items) {
  show_soon(items);
  settle();
}

void Inspector::show_soon(const QStringList& items) {
  QStringList there;
  std::copy_if(items.begin(), items.end(), std::back_inserter(there),
               [this](const QString& id) { return model_.find(id) != nullptr; });
  if (there == shown_) return;
  shown_ = there;
  rebuild_soon();
}

void Inspector::rebuild_soon() {
  stale_ = true;
  soon_.start();
}

void Inspector::settle() {
  if (stale_) rebuild();
}

void Inspector::rebuild() {
  soon_.stop();
  stale_ = false;
  const int tab = tabs_ == nullptr ? 0 : tabs_->currentIndex();
  const int tab_count = tabs_ == nullptr ? 0 : tabs_->count();
  if (tabs_ != nullptr) {
    layout()->removeWidget(tabs_);
    tabs_->hide();
    tabs_->deleteLater();  // it may be one of its own fields that has led here
  }
  tabs_ = new QTabWidget(this);
  tabs_->setObjectName(QStringLiteral("pages"));
  tabs_->setUsesScrollButtons(true);
  tabs_->setDocumentMode(true);
  had_training_ = has_training(model_);

  const auto all_are = [this](const auto& is) { return std::all_of(shown_.begin(), shown_.end(), is); };
  pages_.clear();
  if (shown_.isEmpty()) {
    pages_ = pages_of_document(model_, tabs_);
  } else if (all_are([this](const QString& id) { return model_.link(id) != nullptr; })) {
    pages_ = pages_of_links(model_, shown_, tabs_);
  } else if (all_are([this](const QString& id) { return model_.datacenter(id) != nullptr; })) {
    pages_ = pages_of_datacenters(model_, shown_, tabs_);
  } else if (all_are([this](const QString& id) { return model_.node(id) != nullptr; })) {
    pages_ = pages_of_nodes(model_, shown_, tabs_);
  }
  for (const InspectorPage& page : pages_) tabs_->addTab(page.widget, page.title);
  tabs_->setVisible(!pages_.isEmpty());
  if (tabs_->count() == tab_count) tabs_->setCurrentIndex(tab);
  layout()->addWidget(tabs_);
  refresh();
}

void Inspector::refresh() {
  if (stale_) return;  // its pages may be of items that are gone
  if (shown_.isEmpty() && had_training_ != has_training(model_)) {
    rebuild();
    return;
  }
  for (const InspectorPage& page : pages_) page.refresh();
  if (shown_.isEmpty()) {
    title_->setText(tr("Scenario %1").arg(model_.document().typed(QStringLiteral("/name")).value_or(QString())));
  } else if (shown_.size() == 1) {
    title_->setText(model_.find(shown_.front()) == nullptr ? QString() : model_.find(shown_.front())->name);
  } else if (pages_.isEmpty()) {
    title_->setText(tr("%n items of different kinds", nullptr, static_cast<int>(shown_.size())));
  } else if (model_.link(shown_.front()) != nullptr) {
    title_->setText(tr("%n links", nullptr, static_cast<int>(shown_.size())));
  } else {
    title_->setText(tr("%n items", nullptr, static_cast<int>(shown_.size())));
  }
}

void Inspector::rename(const QString& from, const QString& to) {
  const qsizetype index = shown_.indexOf(from);
  if (index < 0) return;
  shown_[index] = to;
  rebuild();
  emit shown_changed(shown_);
}

void Inspector::forget(const QString& id) {
  if (shown_.removeAll(id) == 0) return;
  rebuild_soon();
  emit shown_changed(shown_);
}

PropertyField* Inspector::field_at(const QString& path) {
  settle();
  for (qsizetype i = 0; i < pages_.size(); ++i) {
    PropertyField* field = pages_[i].reveal(path);
    if (field == nullptr) continue;
    tabs_->setCurrentIndex(static_cast<int>(i));
    if (auto* area = qobject_cast<QScrollArea*>(pages_[i].widget)) area->ensureWidgetVisible(field);
    field->setFocus();
    return field;
  }
  return nullptr;
}

bool Inspector::reveal(const QString& pointer) {
  const QString id = model_.item_at(pointer);
  QString path = pointer;
  if (!id.isEmpty()) {
    const bool is_party = !is_within(pointer, model_.find(id)->pointer);
    path = is_party ? QStringLiteral("party/") + key_of(pointer) : pointer.mid(model_.find(id)->pointer.size() + 1);
  }
  const QStringList wanted = id.isEmpty() ? QStringList() : QStringList{id};
  if (shown_ != wanted) {
    show(wanted);
    emit shown_changed(shown_);
  }
  // A field may have the whole of what the pointer is inside of: "files/0/path" is in "files".
  for (; !path.isEmpty(); path = path.contains(QLatin1Char('/')) ? parent_of(path) : QString()) {
    if (field_at(path) != nullptr) return true;
  }
  return false;
}

}  // namespace geomx::gui

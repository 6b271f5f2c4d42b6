#include "gui/panels/findings_panel.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QPushButton>
#include <QStyledItemDelegate>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/panels/theme.h"

namespace geomx::gui {
namespace {

enum Column { kHow, kWhat, kFound };

// Rows as high as their words need: a tree view would cut them after the first line.
class WrappingDelegate : public QStyledItemDelegate {
 public:
  explicit WrappingDelegate(QTreeWidget* tree) : QStyledItemDelegate(tree), tree_(tree) {}
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const QSize usual = QStyledItemDelegate::sizeHint(option, index);
    if (index.column() != kFound) return usual;
    const int room = tree_->columnWidth(kFound) - 4 * kMargin;
    const QString words = index.data().toString();
    const QRect needed = tree_->fontMetrics().boundingRect(QRect(0, 0, room, 0), Qt::TextWordWrap, words);
    return {usual.width(), std::max(usual.height(), needed.height() + 2 * kMargin)};
  }

 private:
  static constexpr int kMargin = 4;
  QTreeWidget* tree_;
};

QString text(const QJsonObject& object, const char* key) {
  return object.value(QLatin1String(key)).toString();
}

}  // namespace

FindingsPanel::FindingsPanel(RunControl& control, QWidget* parent)
    : QWidget(parent),
      control_(control),
      title_(new QLabel(tr("Check looks for mistakes in the scenario, Doctor at this machine."), this)),
      list_(new QTreeWidget(this)),
      doctor_(new QPushButton(tr("Doct&or"), this)) {
  title_->setWordWrap(true);
  list_->setColumnCount(3);
  list_->setHeaderLabels({QString(), tr("What"), tr("Found")});
  list_->setRootIsDecorated(false);
  list_->setAlternatingRowColors(true);
  list_->setWordWrap(true);
  list_->setTextElideMode(Qt::ElideNone);
  list_->setItemDelegate(new WrappingDelegate(list_));
  list_->setAccessibleName(tr("Findings"));
  list_->header()->setSectionResizeMode(kHow, QHeaderView::ResizeToContents);
  list_->header()->setSectionResizeMode(kWhat, QHeaderView::ResizeToContents);
  list_->header()->setStretchLastSection(true);
  connect(list_->header(), &QHeaderView::sectionResized, list_, &QTreeWidget::doItemsLayout);
  auto* top = new QHBoxLayout;
  top->addWidget(title_, 1);
  top->addWidget(doctor_);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(list_);

  connect(doctor_, &QPushButton::clicked, &control_, &RunControl::doctor);
  connect(&control_, &RunControl::task_started, this, &FindingsPanel::begin);
  connect(&control_, &RunControl::complained, this, &FindingsPanel::add);
  connect(&control_, &RunControl::task_finished, this, &FindingsPanel::finish);
  connect(&control_, &RunControl::changed, this, [this] { doctor_->setEnabled(control_.can_check()); });
  connect(list_, &QTreeWidget::itemActivated, this, [this](const QTreeWidgetItem* item) {
    const QString where = item->data(kWhat, Qt::UserRole).toString();
    if (!where.isEmpty()) emit place_activated(where);
  });
}

int FindingsPanel::count() const {
  return list_->topLevelItemCount();
}

void FindingsPanel::put(Weight weight, const QString& what, const QString& found, const QString& where) {
  auto* item = new QTreeWidgetItem(list_);
  const Mood mood = weight == Weight::good ? Mood::good : weight == Weight::note ? Mood::waiting : Mood::bad;
  item->setText(kHow, weight == Weight::good ? tr("ok") : weight == Weight::note ? tr("note") : tr("error"));
  item->setForeground(kHow, mood_colour(mood, palette()));
  item->setText(kWhat, what);
  item->setText(kFound, found);
  item->setToolTip(kFound, found);
  item->setData(kWhat, Qt::UserRole, where);
}

void FindingsPanel::begin(Task task) {
  if (task == Task::none || task == Task::down) return;
  list_->clear();
  title_->setText(task == Task::doctor  ? tr("Looking at this machine")
                  : task == Task::check ? tr("Checking %1").arg(control_.scenario())
                                        : tr("Starting %1").arg(control_.scenario()));
}

void FindingsPanel::add(const Complaint& complaint) {
  const QString found = complaint.hint.isEmpty() ? complaint.what : tr("%1 (%2)").arg(complaint.what, complaint.hint);
  put(complaint.warning ? Weight::note : Weight::bad, complaint.where, found, complaint.where);
}

void FindingsPanel::finish(const TaskResult& result) {
  const QJsonObject document = QJsonDocument::fromJson(result.output).object();
  if (result.task == Task::doctor && !document.isEmpty()) {
    show_doctor(document);
  } else if (result.task == Task::check && !document.isEmpty()) {
    show_check(document);
  } else if (result.exit_code == 0 || result.stopped) {
    title_->setText(result.stopped ? tr("Stopped") : tr("Done"));
  } else {
    title_->setText(result.error);
    if (count() == 0) put(Weight::bad, {}, result.error, {});
  }
}

void FindingsPanel::show_doctor(const QJsonObject& document) {
  title_->setText(document.value(QStringLiteral("fit")).toBool()
                      ? tr("Labs work here. %1").arg(text(document, "kernel"))
                      : tr("Labs do not work here. %1").arg(text(document, "kernel")));
  for (const QJsonValue value : document.value(QStringLiteral("findings")).toArray()) {
    const QJsonObject finding = value.toObject();
    const bool good = finding.value(QStringLiteral("good")).toBool();
    const bool vital = finding.value(QStringLiteral("vital")).toBool();
    const QString advice = text(finding, "advice");
    const QString found = text(finding, "found");
    put(good    ? Weight::good
        : vital ? Weight::bad
                : Weight::note,
        text(finding, "what"), advice.isEmpty() ? found : tr("%1: %2").arg(found, advice), {});
  }
}

void FindingsPanel::show_check(const QJsonObject& document) {
  const QJsonArray errors = document.value(QStringLiteral("errors")).toArray();
  for (const char* list : {"errors", "unmet"}) {
    for (const QJsonValue value : document.value(QLatin1String(list)).toArray()) {
      const QJsonObject error = value.toObject();
      add({text(error, "where"), text(error, "what"), text(error, "hint"),
           QLatin1String(list) != QLatin1String("errors")});
    }
  }
  for (const QJsonValue warning : document.value(QStringLiteral("warnings")).toArray()) {
    put(Weight::note, {}, warning.toString(), {});
  }
  if (document.value(QStringLiteral("ok")).toBool()) {
    title_->setText(tr("The scenario is in order: %1 nodes, %2 links, %3 workers")
                        .arg(document.value(QStringLiteral("nodes")).toInt())
                        .arg(document.value(QStringLiteral("links")).toInt())
                        .arg(document.value(QStringLiteral("workers")).toInt()));
  } else {
    title_->setText(tr("%n mistakes in the scenario", nullptr, static_cast<int>(errors.size())));
  }
}

}  // namespace geomx::gui

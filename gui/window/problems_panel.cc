#include "gui/window/problems_panel.h"

#include <QHeaderView>
#include <QVBoxLayout>

#include "gui/panels/theme.h"
#include "gui/theme/icons.h"

namespace geomx::gui {

ProblemsPanel::ProblemsPanel(TopologyModel& model, QWidget* parent)
    : QWidget(parent), model_(model), list_(new QTreeWidget(this)) {
  list_->setRootIsDecorated(false);
  list_->setUniformRowHeights(true);
  list_->setHeaderLabels({tr("Problem"), tr("What to do"), tr("About"), tr("Line")});
  list_->header()->setStretchLastSection(false);
  list_->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  list_->header()->setSectionResizeMode(1, QHeaderView::Stretch);
  list_->header()->setSectionResizeMode(2, QHeaderView::ResizeToContents);
  list_->header()->setSectionResizeMode(3, QHeaderView::ResizeToContents);
  list_->setAccessibleName(tr("Problems"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(list_);
  connect(list_, &QTreeWidget::itemActivated, this, &ProblemsPanel::activate);
  connect(list_, &QTreeWidget::itemClicked, this, &ProblemsPanel::activate);
  connect(&model, &TopologyModel::changed, this, &ProblemsPanel::refill);
  refill();
}

void ProblemsPanel::refill() {
  list_->clear();
  const Problems& problems = model_.document().problems();
  const QIcon sign(drawing("error", mood_colour(Mood::bad, palette()), 48));
  for (const Problem& problem : problems) {
    const QString id = model_.item_at(problem.pointer);
    const Item* item = id.isEmpty() ? nullptr : model_.find(id);
    auto* row = new QTreeWidgetItem(list_);
    row->setIcon(0, sign);
    row->setText(0, problem.what);
    row->setText(1, problem.hint);
    row->setText(2, item == nullptr ? problem.pointer : item->name);
    row->setText(3, problem.line > 0 ? QString::number(problem.line) : QString());
    for (int column = 0; column < 3; ++column) row->setToolTip(column, problem.sentence());
  }
  emit counted(static_cast<int>(problems.size()));
}

void ProblemsPanel::activate(QTreeWidgetItem* row) {
  const Problem problem = model_.document().problems().value(list_->indexOfTopLevelItem(row));
  emit chosen(problem);
}

}  // namespace geomx::gui

#include "gui/panels/lab_list_panel.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

namespace geomx::gui {
namespace {

constexpr std::chrono::seconds kLook(2);

}  // namespace

LabListPanel::LabListPanel(RunControl& control, QWidget* parent)
    : QWidget(parent),
      control_(control),
      table_(new QTableWidget(0, 5, this)),
      remark_(new QLabel(this)),
      attach_(new QPushButton(tr("&Attach"), this)),
      buttons_(new QHBoxLayout) {
  table_->setHorizontalHeaderLabels({tr("Lab"), tr("Nodes"), tr("Links"), tr("Since"), tr("Run")});
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setAccessibleName(tr("Labs that run"));
  table_->setTabKeyNavigation(false);
  table_->verticalHeader()->hide();
  table_->setShowGrid(false);
  table_->setTextElideMode(Qt::ElideMiddle);
  table_->setWordWrap(false);
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  table_->horizontalHeader()->setSectionResizeMode(4, QHeaderView::Stretch);
  remark_->setWordWrap(true);
  attach_->setDefault(true);
  buttons_->addWidget(remark_, 1);
  buttons_->addWidget(attach_);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(table_);
  layout->addLayout(buttons_);

  timer_.setInterval(kLook);
  connect(&timer_, &QTimer::timeout, &control_.labs(), &LabList::refresh);
  connect(&control_.labs(), &LabList::listed, this, &LabListPanel::show_labs);
  connect(&control_.labs(), &LabList::failed, remark_, &QLabel::setText);
  connect(attach_, &QPushButton::clicked, this, &LabListPanel::attach);
  connect(table_, &QTableWidget::cellActivated, this, &LabListPanel::attach);
  connect(table_, &QTableWidget::itemSelectionChanged, this, [this] { attach_->setEnabled(!selected().isEmpty()); });
  show_labs(control_.labs().labs());
}

void LabListPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  timer_.start();
  control_.labs().refresh();
}

void LabListPanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  timer_.stop();
}

QString LabListPanel::selected() const {
  const QList<QTableWidgetItem*> items = table_->selectedItems();
  return items.isEmpty() ? QString() : table_->item(items.first()->row(), 0)->text();
}

void LabListPanel::show_labs(const QVector<LabListing>& labs) {
  const QString before = selected();
  table_->setRowCount(static_cast<int>(labs.size()));
  for (int row = 0; row < labs.size(); ++row) {
    const LabListing& lab = labs[row];
    const QString run = !lab.run_folder.isEmpty() ? lab.run_folder
                        : lab.detached            ? tr("none: left running by 'up --detach'")
                                                  : tr("none: ends with its 'up'");
    const QStringList cells{lab.name, QString::number(lab.nodes), QString::number(lab.links),
                            QLocale().toString(lab.started, QLocale::ShortFormat), run};
    for (int column = 0; column < cells.size(); ++column) {
      auto* item = new QTableWidgetItem(cells[column]);
      if (column == 4) item->setToolTip(run);
      table_->setItem(row, column, item);
    }
    if (lab.name == before || (before.isEmpty() && row == 0)) table_->selectRow(row);
  }
  attach_->setEnabled(!selected().isEmpty());
  remark_->setText(labs.isEmpty() ? tr("No lab is running. Up or Run starts one.") : QString());
}

void LabListPanel::add_button(QPushButton* button) {
  buttons_->addWidget(button);
}

void LabListPanel::attach() {
  const QString lab = selected();
  if (lab.isEmpty()) return;
  control_.attach(lab);
  emit chosen();
}

LabListDialog::LabListDialog(RunControl& control, QWidget* parent) : QDialog(parent) {
  setWindowTitle(tr("Attach to a lab"));
  auto* list = new LabListPanel(control, this);
  auto* cancel = new QPushButton(tr("&Cancel"), this);
  list->add_button(cancel);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins({});
  layout->addWidget(list);
  connect(list, &LabListPanel::chosen, this, &QDialog::accept);
  connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
  resize(fontMetrics().averageCharWidth() * 90, fontMetrics().height() * 18);
}

}  // namespace geomx::gui

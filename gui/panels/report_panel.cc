#include "gui/panels/report_panel.h"

#include <QDesktopServices>
#include <QDir>
#include <QEvent>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QPushButton>
#include <QTextBrowser>
#include <QUrl>
#include <QVBoxLayout>

#include "gui/panels/elided_label.h"
#include "gui/panels/report_page.h"

namespace geomx::gui {

ReportPanel::ReportPanel(RunControl& control, QWidget* parent)
    : QWidget(parent),
      control_(control),
      page_(new QTextBrowser(this)),
      where_(new ElidedLabel(this)),
      open_(new QPushButton(tr("&Open the folder"), this)) {
  page_->setAccessibleName(tr("Report"));
  page_->setTabChangesFocus(true);
  open_->setToolTip(tr("The run's folder: measurements, logs, and the scenario as it ran"));
  auto* top = new QHBoxLayout;
  top->addWidget(where_, 1);
  top->addWidget(open_);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(page_, 1);
  connect(&control_.reader(), &RunFolderReader::cleared, this, &ReportPanel::clear);
  connect(&control_.reader(), &RunFolderReader::summarised, this, &ReportPanel::show_summary);
  connect(open_, &QPushButton::clicked, this, [this] {
    if (QDesktopServices::openUrl(QUrl::fromLocalFile(folder_))) return;
    where_->setText(tr("No program here shows folders. It is %1").arg(folder_));
  });
  clear();
}

QString ReportPanel::text() const {
  return page_->toPlainText();
}

void ReportPanel::clear() {
  summary_ = {};
  const QString folder = control_.reader().folder();
  folder_ = folder.isEmpty() ? QString() : QDir(folder).absolutePath();
  where_->setText(folder_);
  open_->setEnabled(!folder_.isEmpty());
  redraw();
}

void ReportPanel::show_summary(const QByteArray& summary) {
  summary_ = QJsonDocument::fromJson(summary).object();
  redraw();
  if (!summary_.isEmpty()) emit ready();
}

void ReportPanel::redraw() {
  if (!summary_.isEmpty()) {
    page_->setHtml(report_page(summary_, palette()));
  } else {
    page_->setPlainText(folder_.isEmpty() ? tr("What came of a run stands here once it has ended.")
                                          : tr("The run goes on, or has ended before it could say what came of it."));
  }
}

void ReportPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) redraw();
}

}  // namespace geomx::gui

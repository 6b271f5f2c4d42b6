#include "gui/panels/log_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QVBoxLayout>
#include <algorithm>

namespace geomx::gui {
namespace {

constexpr std::chrono::milliseconds kTyping(150);  // the filter is being typed

}  // namespace

LogPanel::LogPanel(RunControl& control, QWidget* parent)
    : QWidget(parent),
      logs_(new QComboBox(this)),
      filter_(new QLineEdit(this)),
      follow_(new QCheckBox(tr("Fo&llow"), this)),
      view_(new QPlainTextEdit(this)),
      remark_(new QLabel(this)) {
  logs_->addItem(tr("all nodes"));
  logs_->setAccessibleName(tr("Node"));
  filter_->setPlaceholderText(tr("Show only lines that contain..."));
  filter_->setClearButtonEnabled(true);
  filter_->setAccessibleName(tr("Filter"));
  follow_->setChecked(true);
  follow_->setToolTip(tr("Keep the latest line in sight"));
  view_->setReadOnly(true);
  view_->setLineWrapMode(QPlainTextEdit::NoWrap);
  view_->setMaximumBlockCount(static_cast<int>(LogStore::kKept));
  view_->setAccessibleName(tr("Log"));
  view_->setTabChangesFocus(true);
  auto* top = new QHBoxLayout;
  top->addWidget(logs_);
  top->addWidget(filter_, 1);
  top->addWidget(follow_);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(view_);
  layout->addWidget(remark_);

  refill_.setSingleShot(true);
  connect(&refill_, &QTimer::timeout, this, &LogPanel::refill);
  connect(logs_, &QComboBox::activated, this, &LogPanel::refill);
  connect(filter_, &QLineEdit::textChanged, this, [this] { refill_.start(kTyping); });
  connect(&control.reader(), &RunFolderReader::logged, this, &LogPanel::add);
  connect(&control.reader(), &RunFolderReader::cleared, this, &LogPanel::clear);
  connect(&control.reader(), &RunFolderReader::trouble, this, &LogPanel::remark);
  remark(tr("No run is attached."));
}

QString LogPanel::log() const {
  return logs_->currentIndex() <= 0 ? QString() : logs_->currentText();
}

void LogPanel::set_node(const QString& node) {
  const int at = logs_->findText(node);
  if (at <= 0 || at == logs_->currentIndex()) return;
  logs_->setCurrentIndex(at);
  refill();
}

QString LogPanel::text() const {
  return view_->toPlainText();
}

void LogPanel::clear() {
  store_.clear();
  list_logs();
  view_->clear();
  remark(tr("Nothing has been printed yet."));
}

void LogPanel::remark(const QString& text) {
  remark_->setText(text);
  remark_->setVisible(!text.isEmpty());
}

void LogPanel::list_logs() {
  const QString before = log();
  const QStringList names = store_.names();
  logs_->clear();
  logs_->addItem(tr("all nodes"));
  logs_->addItems(names);
  logs_->setCurrentIndex(before.isEmpty() ? 0 : std::max(0, logs_->findText(before)));
}

QString LogPanel::shown(const LogStore::Line& line) const {
  const QString text = log().isEmpty() ? QStringLiteral("%1: %2").arg(line.log, line.text) : line.text;
  if (!filter_->text().isEmpty() && !text.contains(filter_->text(), Qt::CaseInsensitive)) return {};
  return text.isEmpty() ? QStringLiteral("") : text;
}

void LogPanel::add(const QVector<LogChunk>& chunks) {
  remark({});
  const qsizetype logs = store_.names().size();
  QStringList lines;
  for (const LogChunk& chunk : chunks) {
    for (const LogStore::Line& line : store_.add(chunk)) {
      if (!log().isEmpty() && line.log != log()) continue;
      if (const QString text = shown(line); !text.isNull()) lines << text;
    }
  }
  if (store_.names().size() != logs) list_logs();
  if (lines.isEmpty()) return;
  // Appending scrolls only a view that stands at its end; who reads above is left there.
  QScrollBar* bar = view_->verticalScrollBar();
  const int before = bar->value();
  view_->appendPlainText(lines.join(QLatin1Char('\n')));
  bar->setValue(follow_->isChecked() ? bar->maximum() : before);
}

void LogPanel::refill() {
  QStringList lines;
  for (const LogStore::Line& line : store_.lines(log())) {
    if (const QString text = shown(line); !text.isNull()) lines << text;
  }
  view_->setPlainText(lines.join(QLatin1Char('\n')));
  if (follow_->isChecked()) view_->verticalScrollBar()->setValue(view_->verticalScrollBar()->maximum());
}

}  // namespace geomx::gui

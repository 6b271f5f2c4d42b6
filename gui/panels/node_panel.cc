#include "gui/panels/node_panel.h"

#include <QComboBox>
#include <QFormLayout>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/panels/theme.h"

namespace geomx::gui {

NodePanel::NodePanel(RunControl& control, QWidget* parent)
    : QWidget(parent),
      control_(control),
      nodes_(new QComboBox(this)),
      state_(new QLabel(this)),
      kill_(new QPushButton(tr("&Kill"), this)),
      restart_(new QPushButton(tr("&Restart"), this)),
      pause_(new QPushButton(tr("&Pause"), this)),
      resume_(new QPushButton(tr("Res&ume"), this)),
      terminal_(new QPushButton(tr("&Terminal"), this)),
      message_(new QLabel(this)) {
  kill_->setToolTip(tr("All its processes end at once and its interfaces go down, as when a machine loses its power"));
  restart_->setToolTip(tr("Its interfaces come up again, and its start command runs anew"));
  pause_->setToolTip(tr("Its processes stand still; its interfaces stay up"));
  resume_->setToolTip(tr("Its processes go on where they stood still"));
  terminal_->setToolTip(tr("A shell inside the node: geomx-emu shell"));
  message_->setWordWrap(true);
  nodes_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  nodes_->setMinimumContentsLength(8);
  nodes_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  auto* form = new QFormLayout;
  form->addRow(tr("&Node"), nodes_);
  form->addRow(tr("State"), state_);
  auto* buttons = new QGridLayout;
  buttons->addWidget(kill_, 0, 0);
  buttons->addWidget(restart_, 0, 1);
  buttons->addWidget(pause_, 1, 0);
  buttons->addWidget(resume_, 1, 1);
  buttons->addWidget(terminal_, 2, 0, 1, 2);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(form);
  layout->addLayout(buttons);
  layout->addWidget(message_);
  layout->addStretch();

  connect(nodes_, &QComboBox::activated, this, [this] {
    node_ = nodes_->currentText();
    message_->clear();
    show_node();
    emit node_chosen(node_);
  });
  connect(kill_, &QPushButton::clicked, this, [this] { act(QStringLiteral("kill")); });
  connect(restart_, &QPushButton::clicked, this, [this] { act(QStringLiteral("restart")); });
  connect(pause_, &QPushButton::clicked, this, [this] { act(QStringLiteral("pause")); });
  connect(resume_, &QPushButton::clicked, this, [this] { act(QStringLiteral("resume")); });
  connect(terminal_, &QPushButton::clicked, this, [this] { emit terminal_asked(node_); });
  LabSession& session = control_.session();
  connect(&session, &LabSession::attached, this, &NodePanel::list_nodes);
  connect(&session, &LabSession::state_changed, this, &NodePanel::show_node);
  connect(&session, &LabSession::node_changed, this, &NodePanel::show_node);
  connect(&session, &LabSession::answered, this, [this](const Outcome& outcome) {
    if (outcome.object != node_ || outcome.result == Outcome::Result::done) return;
    message_->setText(outcome.result == Outcome::Result::refused
                          ? tr("%1 was refused: %2").arg(outcome.asked, outcome.reason)
                          : tr("%1 was asked, and no answer came: %2").arg(outcome.asked, outcome.reason));
  });
  list_nodes();
}

void NodePanel::set_node(const QString& node) {
  const int at = nodes_->findText(node);
  if (at < 0 || node == node_) return;
  node_ = node;
  nodes_->setCurrentIndex(at);
  message_->clear();
  show_node();
}

void NodePanel::list_nodes() {
  const QSignalBlocker blocker(nodes_);
  nodes_->clear();
  if (const auto& facts = control_.session().facts()) {
    for (const LabNode& node : facts->nodes) nodes_->addItem(node.name);
  }
  nodes_->setCurrentIndex(std::max(nodes_->findText(node_), nodes_->count() > 0 ? 0 : -1));
  node_ = nodes_->currentText();
  show_node();
}

void NodePanel::show_node() {
  const LabSession& session = control_.session();
  QString state;
  if (session.facts()) {
    for (const LabNode& node : session.facts()->nodes) {
      if (node.name == node_) state = node.state;
    }
  }
  const bool usable = session.usable() && !state.isEmpty();
  nodes_->setEnabled(nodes_->count() > 0);
  kill_->setEnabled(usable && state != QStringLiteral("killed"));
  restart_->setEnabled(usable && state == QStringLiteral("killed"));
  pause_->setEnabled(usable && state == QStringLiteral("running"));
  resume_->setEnabled(usable && state == QStringLiteral("paused"));
  terminal_->setEnabled(usable && state == QStringLiteral("running"));
  const bool bad = state == QStringLiteral("killed");
  state_->setText(state.isEmpty()                     ? tr("no lab is attached")
                  : bad                               ? tr("killed")
                  : state == QStringLiteral("paused") ? tr("paused")
                                                      : tr("running"));
}

void NodePanel::act(const QString& action) {
  message_->clear();
  control_.session().act_on_node(node_, action);
}

}  // namespace geomx::gui

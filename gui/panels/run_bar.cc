#include "gui/panels/run_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QToolButton>

#include "gui/client/text.h"
#include "gui/panels/elided_label.h"
#include "gui/panels/lab_list_panel.h"
#include "gui/panels/state_light.h"
#include "gui/theme/icons.h"

namespace geomx::gui {
namespace {

Mood mood_of(LabState state) {
  switch (state) {
    case LabState::connected:
      return Mood::good;
    case LabState::connecting:
    case LabState::reconnecting:
    case LabState::not_answering:
      return Mood::waiting;
    case LabState::gone:
      return Mood::bad;
    case LabState::idle:
      break;
  }
  return Mood::off;
}

QString minutes(double seconds) {
  const auto whole = static_cast<qint64>(seconds);
  return QStringLiteral("%1:%2").arg(whole / 60).arg(whole % 60, 2, 10, QLatin1Char('0'));
}

}  // namespace

RunBar::RunBar(RunControl& control, QWidget* parent)
    : QWidget(parent),
      control_(control),
      check_(
          add_button(QStringLiteral("check"), tr("&Check"), tr("Look for mistakes in the scenario; nothing is made"))),
      up_(add_button(QStringLiteral("up"), tr("&Up"), tr("Build the network without its job, and leave it running"))),
      run_(add_button(QStringLiteral("run"), tr("&Run"),
                      tr("Build the network, run the job in it, and say what came of it"))),
      stop_(add_button(QStringLiteral("stop"), tr("&Stop"),
                       tr("As Ctrl-C in a terminal: the run ends and keeps its results so far. Once more: "
                          "it is killed"))),
      down_(
          add_button(QStringLiteral("down"), tr("&Down"), tr("End the lab that is attached, and all that runs in it"))),
      attach_(
          add_button(QStringLiteral("attach"), tr("&Attach..."), tr("Watch and change a lab that is running already"))),
      detach_(add_button(QStringLiteral("detach"), tr("De&tach"), tr("Stop watching; the lab and its run go on"))),
      doctor_(add_button(QStringLiteral("doctor"), tr("Doct&or"),
                         tr("What this machine can do, and what to do about what it cannot"))),
      bar_(new QProgressBar(this)),
      progress_(new ElidedLabel(this)),
      light_(new StateLight(this)),
      state_(new ElidedLabel(this)),
      fidelity_(new ElidedLabel(this)) {
  bar_->setFixedWidth(72);
  bar_->setTextVisible(false);
  bar_->setAccessibleName(tr("Progress"));
  for (QLabel* label : {state_, fidelity_}) label->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
  // The words beside the buttons need the room; these are under Run in the menu as well, in words.
  for (QToolButton* button : {attach_, detach_, doctor_}) button->setToolButtonStyle(Qt::ToolButtonIconOnly);
  fidelity_->setAccessibleName(tr("Fidelity"));
  const int gap = 2 * fontMetrics().averageCharWidth();
  auto* row = new QHBoxLayout(this);
  for (QToolButton* button : {check_, up_, run_, stop_, down_, attach_, detach_, doctor_}) row->addWidget(button);
  row->addSpacing(gap);
  row->addWidget(light_);
  row->addSpacing(gap / 3);
  row->addWidget(state_);
  row->addSpacing(gap);
  row->addWidget(fidelity_);
  row->addSpacing(gap);
  row->addWidget(bar_);
  row->addSpacing(gap / 2);
  row->addWidget(progress_, 1);

  connect(check_, &QToolButton::clicked, this, [this] { start(Task::check); });
  connect(up_, &QToolButton::clicked, this, [this] { start(Task::up); });
  connect(run_, &QToolButton::clicked, this, [this] { start(Task::run); });
  connect(stop_, &QToolButton::clicked, &control_, &RunControl::stop);
  connect(down_, &QToolButton::clicked, &control_, &RunControl::down);
  connect(attach_, &QToolButton::clicked, this, &RunBar::attach);
  connect(detach_, &QToolButton::clicked, &control_, &RunControl::detach);
  connect(doctor_, &QToolButton::clicked, &control_, &RunControl::doctor);
  connect(&control_, &RunControl::changed, this, &RunBar::show_state);
  connect(&control_, &RunControl::task_started, this, &RunBar::show_begin);
  connect(&control_, &RunControl::task_finished, this, &RunBar::show_end);
  connect(&control_.process(), &RunProcess::progressed, this, &RunBar::show_progress);
  connect(&control_.session(), &LabSession::fidelity_changed, this, &RunBar::show_fidelity);
  bar_->hide();
  show_state();
}

QToolButton* RunBar::add_button(const QString& drawing, const QString& text, const QString& tip) {
  auto* button = new QToolButton(this);
  button->setText(text);
  button->setIcon(icon(drawing));
  button->setIconSize(QSize(18, 18));
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setToolTip(tip);
  button->setFocusPolicy(Qt::StrongFocus);
  return button;
}

void RunBar::hand_over_starts() {
  handed_over_ = true;
  show_state();
}

void RunBar::start(Task task) {
  if (handed_over_) {
    emit start_asked(task);
  } else if (task == Task::check) {
    control_.check();
  } else if (task == Task::up) {
    control_.up();
  } else {
    control_.run();
  }
}

void RunBar::attach() {
  LabListDialog(control_, this).exec();
}

void RunBar::show_state() {
  const bool startable = control_.can_check() && (handed_over_ || control_.can_start());
  for (QToolButton* button : {check_, up_, run_}) button->setEnabled(startable);
  doctor_->setEnabled(control_.can_check());
  stop_->setEnabled(control_.can_stop());
  down_->setEnabled(control_.can_down());
  detach_->setEnabled(control_.can_detach());
  const LabSession& session = control_.session();
  light_->set_mood(mood_of(session.state()));
  state_->setText(session.words());
  if (!session.usable()) fidelity_->clear();
  fidelity_->setVisible(!fidelity_->text().isEmpty());
}

void RunBar::show_begin(Task task) {
  bar_->setVisible(task != Task::none);
  bar_->setRange(0, 0);
  switch (task) {
    case Task::check:
      progress_->setText(tr("checking"));
      break;
    case Task::doctor:
      progress_->setText(tr("looking at this machine"));
      break;
    case Task::down:
      progress_->setText(tr("taking the lab down"));
      break;
    default:
      progress_->setText(tr("building the network"));
  }
}

void RunBar::show_progress(const RunProgress& progress) {
  if (progress.total && *progress.total > 0) {
    bar_->setRange(0, static_cast<int>(*progress.total));
    bar_->setValue(static_cast<int>(progress.done.value_or(0)));
  }
  QStringList words;
  if (!progress.step.isEmpty()) words << progress.step;
  if (progress.elapsed_seconds > 0) words << minutes(progress.elapsed_seconds);
  if (progress.done && progress.total && progress.step.isEmpty()) {
    words << tr("%1 of %2").arg(*progress.done).arg(*progress.total);
  }
  if (progress.loss) words << tr("loss %1").arg(*progress.loss, 0, 'f', 3);
  if (progress.test_accuracy) words << tr("accuracy %1 %").arg(100 * *progress.test_accuracy, 0, 'f', 1);
  if (progress.samples_per_second) words << tr("%1 samples/s").arg(*progress.samples_per_second, 0, 'f', 0);
  if (progress.done.value_or(0) == 0 && !progress.waiting_for.isEmpty()) {
    words << tr("waiting for %1").arg(progress.waiting_for);
  }
  if (control_.process().stopping()) words.prepend(tr("stopping"));
  progress_->setText(words.join(QStringLiteral("  ")));
}

void RunBar::show_end(const TaskResult& result) {
  bar_->hide();
  if (result.stopped) {
    progress_->setText(tr("stopped"));
  } else if (result.exit_code == 0) {
    progress_->setText(tr("done"));
  } else {
    progress_->setText(result.error);
  }
}

void RunBar::show_fidelity(const control::WatchedFidelity& fidelity) {
  fidelity_->setText(tr("fidelity: %1").arg(to_qt(fidelity.now)));
  fidelity_->show();
  QStringList lines{tr("Whether the network is what was asked for: %1 now, %2 since the lab came up.")
                        .arg(to_qt(fidelity.now), to_qt(fidelity.verdict))};
  for (const std::string& deviation : fidelity.deviations) lines << to_qt(deviation);
  fidelity_->setToolTip(lines.join(QLatin1Char('\n')));
}

}  // namespace geomx::gui

#include "gui/client/run_control.h"

namespace geomx::gui {

RunControl::RunControl(QObject* parent) : QObject(parent) {
  connect(&session_, &LabSession::state_changed, this, &RunControl::changed);
  connect(&session_, &LabSession::attached, this, &RunControl::take);
  connect(&session_, &LabSession::fed, this, [this](const Feed& feed) { history_.add(*feed); });
  connect(&process_, &RunProcess::started, this, &RunControl::task_started);
  connect(&process_, &RunProcess::started, this, &RunControl::changed);
  connect(&process_, &RunProcess::complained, this, &RunControl::complained);
  connect(&process_, &RunProcess::folder_known, &reader_, &RunFolderReader::follow);
  connect(&process_, &RunProcess::lab_up, this, &RunControl::attach);
  connect(&process_, &RunProcess::finished, this, &RunControl::task_finished);
  connect(&process_, &RunProcess::finished, this, &RunControl::changed);
}

RunControl::~RunControl() = default;

bool RunControl::can_check() const {
  return process_.task() == Task::none;
}

bool RunControl::can_start() const {
  return can_check() && !scenario_.isEmpty();
}

bool RunControl::can_stop() const {
  return process_.task() != Task::none;
}

bool RunControl::can_down() const {
  return session_.usable();
}

bool RunControl::can_detach() const {
  const LabState state = session_.state();
  return process_.task() == Task::run || (state != LabState::idle && state != LabState::gone);
}

void RunControl::set_scenario(const QString& path) {
  scenario_ = path;
  emit changed();
}

void RunControl::check() {
  if (can_start()) process_.check(scenario_);
}

void RunControl::doctor() {
  if (can_check()) process_.doctor();
}

void RunControl::up() {
  if (can_start()) process_.up(scenario_, options_);
}

void RunControl::run() {
  if (can_start()) process_.run(scenario_, options_);
}

void RunControl::stop() {
  process_.stop();
}

void RunControl::down() {
  if (can_down()) session_.down();
}

void RunControl::attach(const QString& lab) {
  history_.clear();
  session_.attach(lab);
}

void RunControl::take(const LabFacts& facts) {
  if (!facts.run_folder.isEmpty() && facts.run_folder != reader_.folder()) reader_.follow(facts.run_folder);
}

void RunControl::detach() {
  process_.leave();
  session_.detach();
  emit changed();
}

void RunControl::open_run(const QString& folder) {
  reader_.follow(folder);
}

}  // namespace geomx::gui

#include "gui/client/run_process.h"

#include <unistd.h>

#include <QCoreApplication>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSet>
#include <QStandardPaths>
#include <csignal>

namespace geomx::gui {
namespace {

constexpr const char* kProgram = "geomx-emu";

// A run and a lab that comes up belong to the user, not to this window.
bool outlives_the_gui(Task task) {
  return task == Task::run || task == Task::up;
}

// Between fork and exec: no Ctrl-C of the GUI's terminal, and once nobody reads its output it goes on all the same.
void stand_alone() {
  ::setsid();
  ::signal(SIGPIPE, SIG_IGN);
}

// Those that were left to themselves. A QProcess that is destroyed kills its process, so these never are before that
// has ended.
QSet<QProcess*>& left_behind() {
  static auto* processes = new QSet<QProcess*>;
  return *processes;
}

std::optional<qint64> number(const QJsonObject& object, const char* key) {
  const QJsonValue value = object.value(QLatin1String(key));
  return value.isDouble() ? std::optional(value.toInteger()) : std::nullopt;
}

std::optional<double> real(const QJsonObject& object, const char* key) {
  const QJsonValue value = object.value(QLatin1String(key));
  return value.isDouble() ? std::optional(value.toDouble()) : std::nullopt;
}

}  // namespace

RunProcess::RunProcess(QObject* parent) : QObject(parent) {}

RunProcess::~RunProcess() {
  if (outlives_the_gui(task_)) leave();
}

QString RunProcess::find_program() {
  const QFileInfo beside(QCoreApplication::applicationDirPath() + QLatin1Char('/') + QLatin1String(kProgram));
  if (beside.isExecutable()) return beside.absoluteFilePath();
  return QStandardPaths::findExecutable(QLatin1String(kProgram));
}

void RunProcess::check(const QString& scenario) {
  start(Task::check, {QStringLiteral("check"), scenario, QStringLiteral("--json")}, {});
}

void RunProcess::doctor() {
  start(Task::doctor, {QStringLiteral("doctor"), QStringLiteral("--json")}, {});
}

QStringList RunProcess::arguments_of(const QString& command, const QString& scenario, const RunOptions& options) const {
  QStringList arguments{command, scenario, QStringLiteral("--progress"), QStringLiteral("json")};
  for (const QString& setting : options.settings) arguments << QStringLiteral("--set") << setting;
  if (options.seed) arguments << QStringLiteral("--seed") << QString::number(*options.seed);
  if (!options.shaper.isEmpty()) arguments << QStringLiteral("--shaper") << options.shaper;
  return arguments;
}

void RunProcess::up(const QString& scenario, const RunOptions& options) {
  QStringList arguments = arguments_of(QStringLiteral("up"), scenario, options) << QStringLiteral("--detach");
  if (!options.name.isEmpty()) arguments << QStringLiteral("--name") << options.name;
  start(Task::up, arguments, options.directory);
}

void RunProcess::run(const QString& scenario, const RunOptions& options) {
  QStringList arguments = arguments_of(QStringLiteral("run"), scenario, options) << QStringLiteral("--json");
  if (!options.run_folder.isEmpty()) arguments << QStringLiteral("--out") << options.run_folder;
  start(Task::run, arguments, options.directory);
}

void RunProcess::down(const QString& lab) {
  start(Task::down, {QStringLiteral("down"), lab}, {});
}

void RunProcess::start(Task task, const QStringList& arguments, const QString& directory) {
  task_ = task;
  stopping_ = false;
  run_folder_.clear();
  lab_name_.clear();
  output_.clear();
  rest_.clear();
  last_complaint_.clear();
  process_ = new QProcess(this);
  process_->setProgram(find_program());
  process_->setArguments(arguments);
  process_->setStandardInputFile(QProcess::nullDevice());
  if (!directory.isEmpty()) process_->setWorkingDirectory(directory);
  if (outlives_the_gui(task)) process_->setChildProcessModifier(stand_alone);
  connect(process_, &QProcess::readyReadStandardError, this, [this] { read_errors(false); });
  connect(process_, &QProcess::readyReadStandardOutput, this, [this] { output_ += process_->readAllStandardOutput(); });
  connect(process_, &QProcess::finished, this, [this](int code, QProcess::ExitStatus status) {
    read_errors(true);
    output_ += process_->readAllStandardOutput();
    const bool crashed = status == QProcess::CrashExit;
    end(crashed ? -1 : code, crashed ? tr("it was ended by a signal") : last_complaint_);
  });
  connect(process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;  // else `finished` comes
    const QString program = process_->program();
    end(-1, program.isEmpty()
                ? tr("geomx-emu was found neither beside this program nor in PATH (install both together)")
                : tr("%1 cannot be started: %2").arg(program, process_->errorString()));
  });
  emit started(task);
  process_->start();
}

void RunProcess::read_errors(bool to_the_end) {
  rest_ += process_->readAllStandardError();
  for (qsizetype newline = rest_.indexOf('\n'); newline >= 0; newline = rest_.indexOf('\n')) {
    const QByteArray line = rest_.left(newline);
    rest_.remove(0, newline + 1);
    take_line(line);
  }
  if (to_the_end && !rest_.isEmpty()) take_line(std::exchange(rest_, {}));
}

void RunProcess::take_line(const QByteArray& line) {
  if (line.startsWith('{')) {
    take_progress(line);
    return;
  }
  const QString text = QString::fromUtf8(line).trimmed();
  if (text.isEmpty()) return;
  const Complaint complaint = complaint_of(text);
  if (!complaint.warning) {
    last_complaint_ = text.startsWith(QStringLiteral("geomx-emu: ")) ? text.mid(11) : text;
  }
  if (task_ != Task::check) emit complained(complaint);  // its document says the same
}

void RunProcess::take_progress(const QByteArray& line) {
  const QJsonObject object = QJsonDocument::fromJson(line).object();
  const QString type = object.value(QStringLiteral("type")).toString();
  if (type == QStringLiteral("begin")) {
    run_folder_ = object.value(QStringLiteral("folder")).toString();
    emit folder_known(run_folder_);
  } else if (type == QStringLiteral("lab")) {
    lab_name_ = object.value(QStringLiteral("name")).toString();
    emit lab_up(lab_name_);
  } else {
    RunProgress progress;
    progress.step = object.value(QStringLiteral("text")).toString();
    progress.elapsed_seconds = object.value(QStringLiteral("elapsed_seconds")).toDouble();
    for (const char* key : {"done", "rounds", "commands"}) {
      if (!progress.done) progress.done = number(object, key);
    }
    for (const char* key : {"total", "total_rounds", "total_commands"}) {
      if (!progress.total) progress.total = number(object, key);
    }
    progress.loss = real(object, "loss");
    progress.test_accuracy = real(object, "test_accuracy");
    progress.samples_per_second = real(object, "samples_per_second");
    progress.waiting_for = object.value(QStringLiteral("waiting_for")).toString();
    emit progressed(progress);
  }
}

void RunProcess::end(int exit_code, const QString& error) {
  process_->disconnect(this);
  process_->deleteLater();
  process_ = nullptr;
  TaskResult result{task_, exit_code, stopping_, output_, exit_code == 0 ? QString() : error};
  if (exit_code != 0 && result.error.isEmpty()) result.error = tr("it ended with exit code %1").arg(exit_code);
  task_ = Task::none;
  stopping_ = false;
  emit finished(result);
}

void RunProcess::stop() {
  if (process_ == nullptr || process_->processId() <= 0) return;
  ::kill(static_cast<pid_t>(process_->processId()), stopping_ ? SIGKILL : SIGINT);
  stopping_ = true;
}

void RunProcess::leave() {
  if (process_ == nullptr) return;
  QProcess* process = std::exchange(process_, nullptr);
  task_ = Task::none;
  stopping_ = false;
  process->disconnect(this);
  process->setParent(nullptr);
  left_behind().insert(process);
  // Read on, so that it never waits for somebody who does.
  connect(process, &QProcess::readyReadStandardError, process, [process] { process->readAllStandardError(); });
  connect(process, &QProcess::readyReadStandardOutput, process, [process] { process->readAllStandardOutput(); });
  connect(process, &QProcess::finished, process, [process] {
    left_behind().remove(process);
    process->deleteLater();
  });
}

}  // namespace geomx::gui

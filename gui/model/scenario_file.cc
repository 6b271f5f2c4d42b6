#include "gui/model/scenario_file.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <chrono>

#include "emulator/base/error.h"

namespace geomx::gui {
namespace {

using namespace std::chrono_literals;

constexpr auto kAutosaveAfter = 1s;
constexpr auto kSettleAfter = 100ms;
constexpr qint64 kLargestFile = qint64{64} << 20;  // as emulator/scenario has it

QByteArray read_file(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    throw InputError(path.toStdString(), "cannot read the scenario: " + file.errorString().toStdString());
  }
  if (file.size() > kLargestFile) throw InputError(path.toStdString(), "the scenario is larger than 64 MiB");
  return file.readAll();
}

void write_file(const QString& path, const QByteArray& text) {
  QSaveFile file(path);
  const bool written = file.open(QIODevice::WriteOnly) && file.write(text) == text.size() && file.commit();
  if (!written) {
    throw WorkError(path.toStdString(), "cannot write the scenario: " + file.errorString().toStdString(),
                    "save it in another place");
  }
}

std::optional<QByteArray> text_on_disk(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) return std::nullopt;
  return file.readAll();
}

}  // namespace

ScenarioFile::ScenarioFile(Document& document, Positions& positions, const QString& state_folder, QObject* parent)
    : QObject(parent), document_(document), positions_(positions), copy_(state_folder) {
  settle_.setSingleShot(true);
  settle_.setInterval(kSettleAfter);
  connect(&settle_, &QTimer::timeout, this, &ScenarioFile::check_disk);
  connect(&watcher_, &QFileSystemWatcher::fileChanged, this, [this] { settle_.start(); });
  connect(&watcher_, &QFileSystemWatcher::directoryChanged, this, [this] { settle_.start(); });
  autosave_.setSingleShot(true);
  autosave_.setInterval(kAutosaveAfter);
  connect(&autosave_, &QTimer::timeout, this, [this] {
    if (is_modified()) copy_.write(document_.text(), path());
  });
  connect(&document_, &Document::changed, this, &ScenarioFile::update_modified);
  connect(&positions_, &Positions::moved, this, &ScenarioFile::update_modified);
  connect(&positions_, &Positions::collapsed_changed, this, &ScenarioFile::update_modified);
  saved_text_ = document_.text();
}

ScenarioFile::~ScenarioFile() = default;

QString ScenarioFile::path() const {
  return document_.path();
}

QString ScenarioFile::title() const {
  return path().isEmpty() ? QStringLiteral("untitled.json") : QFileInfo(path()).fileName();
}

bool ScenarioFile::is_modified() const {
  return gone_ || document_.text() != saved_text_ || positions_.is_modified();
}

void ScenarioFile::load(const QString& path, const QByteArray& text, const QByteArray& sidecar) {
  loading_ = true;
  gone_ = false;
  announced_.reset();
  copy_.remove();
  saved_text_ = text;
  positions_.read(sidecar);
  document_.set_path(path);
  document_.set_text(text);
  positions_.saved();
  watch();
  loading_ = false;
  update_modified();
  emit path_changed();
}

void ScenarioFile::create(const QByteArray& text) {
  load({}, text, {});
}

void ScenarioFile::open(const QString& path) {
  const QString absolute = QFileInfo(path).absoluteFilePath();
  const QByteArray text = read_file(absolute);
  load(absolute, text, text_on_disk(Positions::sidecar_of(absolute)).value_or(QByteArray()));
}

void ScenarioFile::save() {
  const std::optional<QByteArray> disk = text_on_disk(path());
  if (disk && *disk != saved_text_) {
    throw WorkError(path().toStdString(), "another program has written the file since it was read",
                    "reload it, or keep yours");
  }
  write(path());
}

void ScenarioFile::save_as(const QString& path) {
  const QString absolute = QFileInfo(path).absoluteFilePath();
  write(absolute);
  document_.set_path(absolute);
  watch();
  emit path_changed();
}

void ScenarioFile::write(const QString& path) {
  write_file(path, document_.text());
  const QString sidecar = Positions::sidecar_of(path);
  if (positions_.is_modified() || (path != this->path() && !QFileInfo::exists(sidecar))) {
    write_file(sidecar, positions_.written());
  }
  positions_.saved();
  saved_text_ = document_.text();
  gone_ = false;
  announced_.reset();
  copy_.remove();
  watch();
  update_modified();
}

void ScenarioFile::recover(const Recovered& copy) {
  if (!copy.path.isEmpty() && QFileInfo::exists(copy.path)) {
    open(copy.path);
  } else {
    create(empty_scenario());
  }
  document_.replace_text(tr("Recover unsaved changes"), copy.text);
  if (copy_.write(document_.text(), path())) discard(copy);
}

QByteArray ScenarioFile::empty_scenario(const QString& name) {
  return QStringLiteral(
             "{\n  \"version\": 1,\n  \"name\": %1,\n  \"topology\": {\n    \"datacenters\": [],\n    \"links\": []\n"
             "  }\n}\n")
      .arg(quoted(name))
      .toUtf8();
}

void ScenarioFile::reload() {
  const QByteArray text = read_file(path());
  gone_ = false;
  announced_.reset();
  saved_text_ = text;
  document_.replace_text(tr("Reload from disk"), text);
  watch();
  update_modified();
}

void ScenarioFile::keep_mine() {
  if (const std::optional<QByteArray> disk = text_on_disk(path())) saved_text_ = *disk;
  update_modified();
}

// The folder too: many programs write a file by putting a new one in its place.
void ScenarioFile::watch() {
  const QStringList watched = watcher_.files() + watcher_.directories();
  if (!watched.isEmpty()) watcher_.removePaths(watched);
  if (path().isEmpty()) return;
  watcher_.addPath(QFileInfo(path()).absolutePath());
  if (QFileInfo::exists(path())) watcher_.addPath(path());
}

void ScenarioFile::check_disk() {
  if (path().isEmpty()) return;
  watch();
  const std::optional<QByteArray> disk = text_on_disk(path());
  if (disk && *disk == saved_text_) {
    gone_ = false;
    announced_.reset();
  } else if (!announced_ || *announced_ != disk.value_or(QByteArray())) {
    announced_ = disk.value_or(QByteArray());
    gone_ = !disk;
    update_modified();
    emit changed_on_disk(gone_);
    return;
  }
  update_modified();
}

void ScenarioFile::update_modified() {
  if (loading_) return;
  const bool modified = is_modified();
  if (modified && !autosave_.isActive()) autosave_.start();
  if (!modified) copy_.remove();
  if (modified == modified_) return;
  modified_ = modified;
  emit modified_changed(modified);
}

}  // namespace geomx::gui

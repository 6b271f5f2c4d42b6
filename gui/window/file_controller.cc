#include "gui/window/file_controller.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QLocale>
#include <QMessageBox>
#include <QSaveFile>

#include "emulator/base/error.h"
#include "gui/canvas/picture.h"
#include "gui/model/exchange.h"
#include "gui/window/template_dialog.h"

namespace geomx::gui {

FileController::FileController(ScenarioFile& file, Document& document, CanvasScene& scene, NoticeBar& notices,
                               const QString& state_folder, QWidget* window)
    : QObject(window),
      file_(file),
      document_(document),
      scene_(scene),
      notices_(notices),
      window_(window),
      state_folder_(state_folder),
      recent_(state_folder),
      ask_([this] { return ask_user(); }) {
  connect(&file, &ScenarioFile::changed_on_disk, this, &FileController::told_of_change);
}

QString FileController::folder() const {
  return file_.path().isEmpty() ? QDir::currentPath() : QFileInfo(file_.path()).absolutePath();
}

void FileController::show_error(const QString& title, const QString& text) {
  notices_.ask(QStringLiteral("%1: %2").arg(title, text), {{tr("&Close"), {}}});
}

bool FileController::attempt(const std::function<void()>& work, const QString& title) {
  try {
    work();
    return true;
  } catch (const geomx::Error& error) {
    show_error(title, QString::fromStdString(error.line()));
    return false;
  }
}

FileController::Answer FileController::ask_user() const {
  QMessageBox box(QMessageBox::Warning, tr("Unsaved changes"), tr("Save the changes of %1?").arg(file_.title()),
                  QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, window_);
  box.setInformativeText(tr("What is not saved is lost."));
  box.setDefaultButton(QMessageBox::Save);
  const int answer = box.exec();
  if (answer == QMessageBox::Save) return Answer::save;
  return answer == QMessageBox::Discard ? Answer::discard : Answer::cancel;
}

bool FileController::may_leave() {
  if (!file_.is_modified()) return true;
  switch (ask_()) {
    case Answer::save:
      return save();
    case Answer::discard:
      return true;
    case Answer::cancel:
      break;
  }
  return false;
}

bool FileController::create() {
  if (!may_leave()) return false;
  return attempt(
      [this] {
        file_.create(ScenarioFile::empty_scenario());
        notices_.dismiss();
        emit opened();
      },
      tr("New"));
}

bool FileController::create_from_template() {
  TemplateDialog dialog(window_);
  if (dialog.exec() != QDialog::Accepted || !may_leave()) return false;
  return attempt(
      [&] {
        file_.create(dialog.text());
        notices_.dismiss();
        emit opened();
      },
      tr("Template"));
}

bool FileController::ask_open() {
  const QString path =
      QFileDialog::getOpenFileName(window_, tr("Open a scenario"), folder(), tr("Scenarios (*.json);;All files (*)"));
  return !path.isEmpty() && open(path);
}

bool FileController::open(const QString& path) {
  if (!may_leave()) return false;
  return attempt(
      [&] {
        file_.open(path);
        notices_.dismiss();
        recent_.add(file_.path());
        emit recent_changed();
        emit opened();
      },
      tr("Open"));
}

bool FileController::import() {
  const QString path =
      QFileDialog::getOpenFileName(window_, tr("Import a topology"), folder(),
                                   tr("containerlab and Mininet (*.yml *.yaml *.mn *.json);;All files (*)"));
  return !path.isEmpty() && import_from(path);
}

bool FileController::import_from(const QString& path) {
  if (!may_leave()) return false;
  return attempt(
      [&] {
        const Imported imported = import_file(path);
        file_.create(imported.text);
        emit opened();
        if (imported.notes.isEmpty()) {
          emit said(tr("Imported %1 whole").arg(QFileInfo(path).fileName()));
        } else {
          notices_.ask(
              tr("Imported %1; left out or changed: %2").arg(QFileInfo(path).fileName(), imported.notes.join("; ")),
              {{tr("&Close"), {}}});
        }
      },
      tr("Import"));
}

bool FileController::save() {
  if (file_.path().isEmpty()) return ask_save_as();
  return attempt(
      [this] {
        file_.save();
        emit said(tr("Saved %1").arg(file_.title()));
      },
      tr("Save"));
}

bool FileController::ask_save_as() {
  const QString start = file_.path().isEmpty() ? QDir(folder()).filePath(file_.title()) : file_.path();
  QString path = QFileDialog::getSaveFileName(window_, tr("Save the scenario"), start, tr("Scenarios (*.json)"));
  if (path.isEmpty()) return false;
  if (QFileInfo(path).suffix().isEmpty()) path += QStringLiteral(".json");
  return save_as(path);
}

bool FileController::save_as(const QString& path) {
  return attempt(
      [&] {
        file_.save_as(path);
        recent_.add(file_.path());
        emit recent_changed();
        emit said(tr("Saved %1").arg(file_.title()));
      },
      tr("Save as"));
}

bool FileController::export_picture() {
  const QString start = QDir(folder()).filePath(QFileInfo(file_.title()).completeBaseName() + ".png");
  const QString path = QFileDialog::getSaveFileName(
      window_, tr("Export"), start,
      tr("PNG picture (*.png);;SVG drawing (*.svg);;Mermaid diagram (*.mmd);;Graphviz (*.dot)"));
  return !path.isEmpty() && export_to(path);
}

bool FileController::export_to(const QString& path) {
  return attempt(
      [&] {
        const QString ending = QFileInfo(path).suffix().toLower();
        if (ending == "svg") {
          write_svg(scene_, path);
        } else if (ending == "mmd" || ending == "dot") {
          if (!document_.problems().isEmpty()) {
            throw InputError(path.toStdString(), "a scenario with problems has no diagram",
                             "correct what the list says first");
          }
          const QByteArray text = ending == "mmd" ? export_mermaid(document_) : export_dot(document_);
          QSaveFile file(path);
          if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit()) {
            throw WorkError(path.toStdString(), "cannot write the diagram: " + file.errorString().toStdString());
          }
        } else if (ending == "png") {
          write_png(scene_, path);
        } else {
          throw InputError(path.toStdString(), "unknown kind of picture", "end the name in .png, .svg, .mmd or .dot");
        }
        emit said(tr("Exported %1").arg(QFileInfo(path).fileName()));
      },
      tr("Export"));
}

void FileController::told_of_change(bool gone) {
  if (gone) {
    notices_.ask(tr("%1 has been removed from disk. What is open here is all there is.").arg(file_.title()),
                 {{tr("&Save it again"), [this] { save(); }}, {tr("&Close"), {}}});
    return;
  }
  notices_.ask(file_.is_modified() ? tr("%1 has been changed by somebody else, and here as well.").arg(file_.title())
                                   : tr("%1 has been changed by somebody else.").arg(file_.title()),
               {{tr("&Take theirs"), [this] { attempt([this] { file_.reload(); }, tr("Reload")); }},
                {tr("&Keep mine"), [this] { file_.keep_mine(); }}});
}

void FileController::offer_recovery() {
  const QList<Recovered> copies = left_behind(state_folder_);
  if (copies.isEmpty()) return;
  const Recovered copy = copies.first();
  const QString name = copy.path.isEmpty() ? tr("an unnamed scenario") : QFileInfo(copy.path).fileName();
  notices_.ask(tr("The editor did not end well while %1 was open. There is a copy of %2.")
                   .arg(name, QLocale().toString(copy.time, QLocale::ShortFormat)),
               {{tr("&Recover it"),
                 [this, copy] {
                   if (may_leave() && attempt([&] { file_.recover(copy); }, tr("Recover"))) emit opened();
                 }},
                {tr("&Discard it"), [copy] { discard(copy); }}});
}

void FileController::forget_recent() {
  recent_.clear();
  emit recent_changed();
}

}  // namespace geomx::gui

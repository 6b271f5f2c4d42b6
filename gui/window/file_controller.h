#pragma once

#include <QObject>
#include <QString>
#include <functional>

#include "gui/canvas/canvas_scene.h"
#include "gui/model/recovery.h"
#include "gui/model/scenario_file.h"
#include "gui/window/notice_bar.h"

class QWidget;

namespace geomx::gui {

// The File menu's work: what it asks the user, and what it tells them where it fails. Nothing throws.
class FileController : public QObject {
  Q_OBJECT

 public:
  FileController(ScenarioFile& file, Document& document, CanvasScene& scene, NoticeBar& notices,
                 const QString& state_folder, QWidget* window);

  // Each false: it did not happen, as it failed or the user thought better of it.
  bool create();
  bool create_from_template();
  bool ask_open();
  bool open(const QString& path);  // asks about unsaved changes first
  bool import();
  bool import_from(const QString& path);
  bool save();  // asks for a name where there is none
  bool ask_save_as();
  bool save_as(const QString& path);
  bool export_picture();
  bool export_to(const QString& path);  // by its ending: .png, .svg, .mmd, .dot

  // Whether what is open may go: nothing is unsaved, or the user has saved it, or does not want it.
  bool may_leave();
  // Copies of an earlier program that did not end well, if any.
  void offer_recovery();

  QStringList recent() const { return recent_.paths(); }
  void forget_recent();

  // Asked by may_leave(); a test may answer in the user's place.
  enum class Answer { save, discard, cancel };
  void set_asking(std::function<Answer()> ask) { ask_ = std::move(ask); }

 signals:
  void opened();  // another document
  void recent_changed();
  void said(const QString& sentence);

 private:
  bool attempt(const std::function<void()>& work, const QString& title);
  void show_error(const QString& title, const QString& text);
  void told_of_change(bool gone);
  Answer ask_user() const;
  QString folder() const;

  ScenarioFile& file_;
  Document& document_;
  CanvasScene& scene_;
  NoticeBar& notices_;
  QWidget* window_;
  QString state_folder_;
  RecentFiles recent_;
  std::function<Answer()> ask_;
};

}  // namespace geomx::gui

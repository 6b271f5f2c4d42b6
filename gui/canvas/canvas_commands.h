#pragma once

#include <QObject>
#include <QPointF>
#include <QRectF>
#include <QString>
#include <QStringList>

#include "gui/canvas/arrange.h"
#include "gui/canvas/canvas_scene.h"

namespace geomx::gui {

// What a person does to the drawing with the keyboard, menus and gestures alike: each is one step that can be undone.
// What cannot be done is said by `refused`, in a sentence. For the GUI's thread; the scene outlives it.
class CanvasCommands : public QObject {
  Q_OBJECT

 public:
  explicit CanvasCommands(CanvasScene& scene, QObject* parent = nullptr);

  // Selects what it adds, and returns its id. At `at` if something was aimed at, else near it where there is room. A
  // host, router or switch that is put into a data center's box becomes a member of its LAN.
  QString add(ItemKind kind, QPointF at, bool aimed);
  // Data centers or nodes; of a node that a data center brings with it, the data center is meant. Selects the new link.
  QString connect_vertices(const QString& a, const QString& b);
  void connect_selected();  // two or more, in a chain; in the order in which they stand in the file

  void remove_selected();
  bool copy_selected();
  void cut_selected();
  void paste(QPointF middle);  // from the clipboard, about that point
  void duplicate_selected();
  bool can_paste() const;

  void align(Alignment alignment);
  void nudge(QPointF by);  // repeated ones are one step
  void collapse_selected(bool collapsed);
  void collapse_all(bool collapsed);
  // All, or the selected ones where there are several.
  void arrange(Layout layout);

 signals:
  void refused(const QString& why);
  void added(const QString& id);  // and selected

 private:
  QPointF free_spot(QPointF near, QSizeF size) const;
  void place_copies(const QMap<QString, QString>& names, QPointF by);

  CanvasScene& scene_;
  int nudge_ = 0;
  QStringList nudged_;
};

}  // namespace geomx::gui

#pragma once

#include <QLabel>
#include <QList>
#include <QStringList>
#include <QTabWidget>
#include <QTimer>
#include <QWidget>

#include "gui/model/topology_model.h"
#include "gui/panels/inspector_pages.h"

namespace geomx::gui {

// The properties of what is selected: of one item, of several of a kind at once, or, with nothing selected, of the
// scenario, its training job, events and expectations. All that is typed goes through the model, which refuses what
// cannot be; so an invalid value never reaches the file. For the GUI's thread.
class Inspector : public QWidget {
  Q_OBJECT

 public:
  explicit Inspector(TopologyModel& model, QWidget* parent = nullptr);
  ~Inspector() override;

  using QWidget::show;
  // By id. Ids that are not there are passed over; none: the document itself.
  void show(const QStringList& items);
  // The same when the events that are waiting have been handled: one press may select several times, and pages of
  // fields take their time.
  void show_soon(const QStringList& items);
  const QStringList& shown() const { return shown_; }

  // The tab and the field of a pointer, with the keyboard in it: for a problem that was clicked. Items are shown first,
  // where the pointer leads into one. False: it has no field.
  bool reveal(const QString& pointer);

 signals:
  void shown_changed(const QStringList& items);  // by reveal(), or as an item was renamed or removed

 private:
  void rebuild_soon();
  void settle();  // now what was to be soon
  void rebuild();
  void refresh();
  void rename(const QString& from, const QString& to);
  void forget(const QString& id);
  PropertyField* field_at(const QString& path);

  TopologyModel& model_;
  QStringList shown_;
  QTimer soon_;
  bool stale_ = false;         // the pages are not those of shown_: soon_ runs
  bool had_training_ = false;  // when the pages were made
  QLabel* title_;
  QTabWidget* tabs_ = nullptr;
  QList<InspectorPage> pages_;  // in the order of the tabs
};

}  // namespace geomx::gui

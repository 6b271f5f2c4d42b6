#pragma once

#include <QHash>
#include <QObject>
#include <QPointF>
#include <QSet>
#include <QStringList>
#include <functional>
#include <utility>

#include "gui/model/layout.h"
#include "gui/model/topology_model.h"

namespace geomx::gui {

// Where data centers and nodes are drawn, by id: apart from the topology, in NAME.layout.json beside NAME.json. Centers
// of items in the scene's units (about a pixel at 100 %), y downwards. Who has no position gets one beside what it is
// joined to. Follows renames. For the GUI's thread.
class Positions : public QObject {
  Q_OBJECT

 public:
  explicit Positions(TopologyModel& model, QObject* parent = nullptr);

  QPointF of(const QString& id) const;  // (0, 0) for what is not there
  // How large an item is drawn, so that layouts keep them apart. Boxes of a usual size where nothing is given.
  void set_sizes(std::function<QSizeF(const QString& id)> size_of) { size_of_ = std::move(size_of); }
  // Whether a data center is drawn as one box, without its hosts.
  bool is_collapsed(const QString& id) const { return collapsed_.contains(id); }

  // One step of the undo stack. Moves of the same items with the same drag number, not 0, are one step together.
  void move(const QHash<QString, QPointF>& positions, int drag = 0, const QString& name = {});
  // Where something new is put: no step of its own, as undoing the new thing takes it away.
  void place(const QString& id, QPointF position);
  void set_collapsed(const QString& id, bool collapsed);  // no step: a view

  // Anew, all or the given ones about their center: one step.
  void arrange(Layout layout, const QStringList& ids = {});
  // The graph of what is there, for arrange() and its tests.
  LayoutGraph graph(const QStringList& ids) const;

  // The sidecar file. One that is missing or broken is as good as an empty one: all is laid out anew.
  static QString sidecar_of(const QString& scenario_path);
  void read(const QByteArray& sidecar);
  QByteArray written() const;
  bool is_modified() const;  // since read() or saved()
  void saved();

 signals:
  void moved(const QStringList& ids);
  void collapsed_changed(const QString& id);

 private:
  class MoveCommand;
  void take(const QHash<QString, QPointF>& positions);
  void fill();  // who has none
  QStringList vertices() const;
  void rename(const QString& from, const QString& to);

  TopologyModel& model_;
  std::function<QSizeF(const QString&)> size_of_;
  QHash<QString, QPointF> points_;  // also of what was removed: it may come back
  QSet<QString> collapsed_;
  QHash<QString, QPointF> saved_points_;
  QSet<QString> saved_collapsed_;
};

}  // namespace geomx::gui

#pragma once

#include <QGraphicsScene>
#include <QHash>
#include <QTimer>
#include <map>
#include <vector>

#include "gui/canvas/box_vertex.h"
#include "gui/canvas/label_layer.h"
#include "gui/canvas/link_line.h"
#include "gui/canvas/node_vertex.h"
#include "gui/model/positions.h"
#include "gui/model/topology_model.h"

namespace geomx::gui {

// The topology as a drawing, which follows the model and its positions. It changes neither: gestures (canvas_view.h)
// do. What a running lab tells of links and nodes is laid over it. For the GUI's thread; model and positions outlive
// it.
class CanvasScene : public QGraphicsScene {
  Q_OBJECT

 public:
  CanvasScene(TopologyModel& model, Positions& positions, QObject* parent = nullptr);
  ~CanvasScene() override;

  TopologyModel& model() const { return model_; }
  Positions& positions() const { return positions_; }
  const Theme& theme() const { return theme_; }
  void set_theme(const Theme& theme);

  // Data centers' boxes and free nodes, then what is in boxes; null: there is none of that name, or it is in a box that
  // is collapsed.
  Vertex* vertex(const QString& id) const;
  LinkLine* link(const QString& id) const { return links_.value(id); }
  // Boxes and free nodes, in the file's order.
  const std::vector<Vertex*>& tops() const { return tops_; }
  const QHash<QString, LinkLine*>& links() const { return links_; }
  // The box or free node that a thing lies in, or is.
  static Vertex* top_of(Vertex* vertex);
  QRectF contents() const;  // around all of it
  // At which it is looked at, 1 for 100 %: names and figures are as large on the screen at every smaller one.
  void set_zoom(qreal zoom);
  qreal zoom() const { return zoom_; }

  // The model's ids of what is selected: without the nodes that data centers bring with them.
  QStringList selected_ids() const;
  // What the selection is about: as selected_ids(), but of a node that a data center brings with it, the data center.
  QStringList subjects() const;
  // The one node that is selected, under its name in a lab; empty: none or several. A data center's is its gateway.
  QString selected_node() const;
  void select(const QStringList& ids);
  // Of data centers and nodes alone, those that move by themselves.
  QStringList selected_tops() const;

  // While something is dragged: as if it were there.
  void preview(const QHash<QString, QPointF>& positions);

  // --- Search: ids of what a name contains `text`, the best first; marks them until the next search.
  QStringList search(const QString& text);

  // --- A running lab. `link` is the link's name in the file, `node` a node's in the lab ("a-worker-0", "a-gateway").
  // States of names that are not drawn are kept for when they are.
  void set_link_state(const QString& link, const LinkState& state);
  void set_node_state(const QString& node, NodeState state);
  void clear_states();
  const QHash<QString, LinkState>& link_states() const { return link_states_; }

 signals:
  void selected();    // something else is selected than before
  void rearranged();  // something was added, removed or moved: for the mini-map
  void restyled();    // the theme is another

 public slots:
  void relabel();  // now; done by itself after every change

 protected:
  void drawBackground(QPainter* painter, const QRectF& rect) override;

 private:
  QSizeF size_of(const QString& id) const;
  void sync();
  void rename(const QString& from, const QString& to);
  void sync_boxes(QHash<QString, Vertex*>& old);
  void sync_nodes(QHash<QString, Vertex*>& old);
  void sync_links();
  void join_links();
  void place(const QStringList& ids);
  void follow(const Vertex& top);
  void collapse(const QString& id);
  void refresh_figures();
  void apply_states();
  BoxVertex::Contents contents_of(const DatacenterItem& item, const QHash<QString, QStringList>& members) const;

  TopologyModel& model_;
  Positions& positions_;
  Theme theme_ = Theme::light();
  QHash<QString, Vertex*> vertices_;  // tops by id
  std::vector<Vertex*> tops_;
  QHash<QString, LinkLine*> links_;  // by id
  std::vector<LinkLine*> ordered_links_;
  std::map<const LinkLine*, std::size_t> label_of_;
  LabelLayer* labels_;
  qreal zoom_ = 1;
  QHash<QString, LinkState> link_states_;  // by name
  QHash<QString, NodeState> node_states_;
  QTimer relabel_soon_;
  QTimer figures_soon_;  // nobody reads figures that change more often
};

}  // namespace geomx::gui

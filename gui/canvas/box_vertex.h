#pragma once

#include <QStringList>
#include <map>
#include <memory>
#include <vector>

#include "gui/canvas/box_layout.h"
#include "gui/canvas/detail.h"
#include "gui/canvas/node_vertex.h"

namespace geomx::gui {

// A data center: a box around its gateway, its LAN's switch and its hosts, or, collapsed, one tile for all of them.
class BoxVertex : public Vertex {
 public:
  struct Member {
    QString name;
    Glyph glyph = Glyph::host;
    bool brought_along = true;  // false: one of the file's nodes
    bool operator==(const Member&) const = default;
  };
  struct Contents {
    QString title;
    QString lan;  // what its LAN is asked for: "10 Gbit"
    std::vector<Member> hosts;
    bool uplink = false;
    bool operator==(const Contents&) const = default;
  };

  BoxVertex(QString id, const Theme& theme);
  ~BoxVertex() override;

  void show(const Contents& contents);
  void set_collapsed(bool collapsed);
  bool is_collapsed() const { return collapsed_; }
  void restyle();                                 // after a change of the theme
  NodeVertex* member(const QString& name) const;  // null: it has no such
  const std::map<QString, NodeVertex*>& members() const { return members_; }
  // The mark that collapses and expands it.
  QRectF toggle() const;

  bool is_box() const override { return true; }
  QRectF body() const override { return collapsed_ ? collapsed_box() : layout_.box; }
  QRectF boundingRect() const override;
  QPainterPath shape() const override;
  void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

 private:
  void arrange();
  void paint_collapsed(QPainter& painter) const;
  void paint_header(QPainter& painter) const;
  void paint_small(QPainter& painter) const;
  QString subtitle() const;
  QString caption_of(const QString& name) const;

  Contents contents_;
  BoxLayout layout_;
  bool collapsed_ = false;
  std::map<QString, NodeVertex*> members_;  // children
};

}  // namespace geomx::gui

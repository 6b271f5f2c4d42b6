#pragma once

#include <QAbstractScrollArea>
#include <QPoint>
#include <QString>
#include <map>
#include <vector>

#include "gui/client/run_rows.h"

namespace geomx::gui {

// The Gantt chart. It follows the run until the user looks elsewhere; the wheel zooms, dragging and the arrow keys
// move, plus and minus zoom, End follows again.
class TimelineView : public QAbstractScrollArea {
  Q_OBJECT

 public:
  explicit TimelineView(QWidget* parent = nullptr);

  void add(const RunBatch& batch);
  void clear();
  void set_follow(bool follow);
  std::size_t rows() const { return nodes_.size(); }
  double begin() const { return begin_; }  // of what is shown, in seconds since the start of the run
  double end() const { return begin_ + width_; }
  QString describe(const QPoint& at) const;  // what is there, for a tool tip; empty: nothing

 signals:
  void follow_changed(bool follow);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool viewportEvent(QEvent* event) override;

 private:
  struct Row {
    QString name;
    std::vector<run::RoundRow> rounds;  // by time
  };
  int row_height() const;
  int names_width() const;
  int top() const;  // height of the axis and the events
  double x_of(double time) const;
  double time_of(double x) const;
  void draw_axis(QPainter& painter) const;
  void draw_events(QPainter& painter) const;
  void draw_row(QPainter& painter, const Row& row, double y) const;
  void move_to(double begin);
  void zoom(double factor, double around);
  void leave_end();
  void update_bars();

  std::map<std::string, Row> nodes_;
  std::vector<run::EventRow> events_;
  double begin_ = 0;
  double width_ = 20;
  double last_ = 0;  // the latest time
  bool follow_ = true;
  QPoint dragged_from_;
};

}  // namespace geomx::gui

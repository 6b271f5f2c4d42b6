#pragma once

#include <QColor>
#include <QLabel>
#include <QVector>

namespace geomx::gui {

// Which line of a chart is which, and what each has come to: coloured squares with words, in as many rows as the width
// asks for. GUI thread.
class ChartKey : public QLabel {
  Q_OBJECT

 public:
  struct Entry {
    QColor colour;  // invalid: words alone
    QString words;
  };

  explicit ChartKey(QWidget* parent = nullptr);
  void show_entries(const QVector<Entry>& entries);
};

}  // namespace geomx::gui

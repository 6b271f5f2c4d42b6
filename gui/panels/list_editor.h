#pragma once

#include <QListWidget>
#include <QPushButton>
#include <QStackedWidget>
#include <QWidget>

#include "gui/model/catalogue.h"
#include "gui/model/topology_model.h"
#include "gui/panels/property_form.h"

namespace geomx::gui {

// One of the document's lists, "/events", "/expect" or "/workload": its elements in words, buttons to add, remove and
// move them, and a form for the chosen one.
class ListEditor : public QWidget {
  Q_OBJECT

 public:
  // `fresh` is the JSON of a new element.
  ListEditor(TopologyModel& model, Section section, const QString& list, std::function<QString()> fresh,
             QWidget* parent = nullptr);

  void refresh();
  void choose(int index);
  PropertyField* reveal(const QString& path);  // of the chosen element

 private:
  int chosen() const { return rows_->currentRow(); }
  int size() const;
  void show_form(int index);

  TopologyModel& model_;
  Section section_;
  QString list_;
  std::function<QString()> fresh_;
  QListWidget* rows_;
  QPushButton* add_;
  QPushButton* remove_;
  QPushButton* up_;
  QPushButton* down_;
  PropertyForm* form_ = nullptr;
  int shown_ = -1;  // the element that the form is of
};

}  // namespace geomx::gui

#pragma once

#include <QFormLayout>
#include <QList>
#include <QPushButton>
#include <QWidget>
#include <functional>

#include "gui/panels/property_field.h"

namespace geomx::gui {

// Fields for the properties of a section, one below the other, with a button that shows the seldom needed ones.
class PropertyForm : public QWidget {
  Q_OBJECT

 public:
  // A binding of the property at a path; none: the property has no field here.
  using Bind = std::function<std::optional<Binding>(const Property& property, const QString& path)>;

  // `prefix` is put before every path: "forward/".
  PropertyForm(Section section, const QString& prefix, const Bind& bind, QWidget* parent = nullptr);

  void refresh();
  // The field of a path, shown if it was not; null: there is none.
  PropertyField* reveal(const QString& path);

 private:
  struct Row {
    QLabel* label;
    PropertyField* field;
  };
  void show_all(bool all);

  QList<Row> rows_;
  QPushButton* more_;
};

}  // namespace geomx::gui

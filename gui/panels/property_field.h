#pragma once

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QWidget>
#include <functional>
#include <optional>

#include "gui/model/catalogue.h"
#include "gui/model/document.h"

namespace geomx::gui {

// Where a field's value is: in one item of the document, in several at once, or in the document itself.
struct Binding {
  struct Value {
    std::optional<QString> typed;  // nothing: it is left out
    bool several = false;          // the items differ
    QString otherwise;             // what holds where it is left out; may be empty
  };
  std::function<Value()> read;
  std::function<std::optional<Problem>(const QString& json)> judge;  // empty JSON: left out
  std::function<std::optional<Problem>(const QString& json)> set;
  std::function<Problems()> problems;  // of what is in the document now
  Document* document = nullptr;        // whose steps they are
};

// One property of the catalogue under a person's hands. While somebody types, what cannot be is marked where it stands,
// with the reason in words; it goes into the document with Enter or when the field is left, if it can be. Escape takes
// back what was typed. A choice goes into the document at once; those that the arrow keys or the wheel pass on the way
// are one step together. The editor's object name is the property's path.
class PropertyField : public QWidget {
  Q_OBJECT

 public:
  PropertyField(const Property& property, const QString& path, Binding binding, QWidget* parent = nullptr);
  ~PropertyField() override;
  PropertyField(const PropertyField&) = delete;
  PropertyField& operator=(const PropertyField&) = delete;

  const QString& path() const { return path_; }
  const Property& property() const { return property_; }
  QWidget* editor() const;
  // What is in the document, unless somebody is typing.
  void refresh();
  // Empty: nothing is wrong.
  QString reason() const;
  bool is_empty() const;  // left out, and nothing is wrong with that

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void make_line();
  void make_choice();
  void show_line(const Binding::Value& value);
  void show_choice(const Binding::Value& value);
  QString hint_of(const Binding::Value& value) const;
  void typing(const QString& text);
  void commit(const QString& text);
  void mark(const std::optional<Problem>& problem);

  Property property_;
  QString path_;
  Binding binding_;
  QLineEdit* line_ = nullptr;
  QComboBox* choice_ = nullptr;
  QLabel* reason_ = nullptr;
  bool typing_ = false;  // what is in the field is not in the document
  bool committing_ = false;
  int series_ = 0;  // of a choice that is tried out
};

// Red that can be read on the palette's background, light or dark.
QColor error_color(const QPalette& palette);

}  // namespace geomx::gui

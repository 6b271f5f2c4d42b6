#pragma once

#include <QAction>
#include <QHash>
#include <QKeySequence>
#include <QObject>
#include <functional>

namespace geomx::gui {

// Everything that the window can do, by name: menus, tool bars and the context menu show the same actions. An action's
// tip is a sentence, with its keys behind it.
class Actions : public QObject {
  Q_OBJECT

 public:
  struct Wording {
    QString text;  // with a mnemonic
    QString tip;
    QString drawing = {};  // gui/theme/icons
    QList<QKeySequence> keys = {};
  };

  using QObject::QObject;

  // `where`: keys count only while it, or something in it, has the focus; null: in the whole window.
  QAction* add(const QString& name, const Wording& wording, const std::function<void()>& work,
               QWidget* where = nullptr);
  QAction* add_toggle(const QString& name, const Wording& wording, bool on, const std::function<void(bool)>& work);
  QAction* get(const QString& name) const;  // REQUIRES: it has been added
  QList<QAction*> all() const { return actions_.values(); }
  void redraw_icons();  // after a change of the theme

 private:
  QAction* make(const QString& name, const Wording& wording);

  QHash<QString, QAction*> actions_;
  QHash<QString, QString> drawings_;
};

}  // namespace geomx::gui

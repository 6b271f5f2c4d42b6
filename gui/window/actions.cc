#include "gui/window/actions.h"

#include <QWidget>

#include "gui/theme/icons.h"

namespace geomx::gui {

QAction* Actions::make(const QString& name, const Wording& wording) {
  auto* action = new QAction(wording.text, this);
  action->setObjectName(name);
  action->setShortcuts(wording.keys);
  if (!wording.drawing.isEmpty()) {
    action->setIcon(icon(wording.drawing));
    drawings_.insert(name, wording.drawing);
  }
  QString tip = wording.tip;
  if (!wording.keys.isEmpty()) {
    tip += QStringLiteral(" (%1)").arg(wording.keys.first().toString(QKeySequence::NativeText));
  }
  action->setToolTip(tip);
  action->setStatusTip(wording.tip);
  actions_.insert(name, action);
  return action;
}

QAction* Actions::add(const QString& name, const Wording& wording, const std::function<void()>& work, QWidget* where) {
  QAction* action = make(name, wording);
  connect(action, &QAction::triggered, this, [work] { work(); });
  if (where != nullptr) {
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    where->addAction(action);
  }
  return action;
}

QAction* Actions::add_toggle(const QString& name, const Wording& wording, bool on,
                             const std::function<void(bool)>& work) {
  QAction* action = make(name, wording);
  action->setCheckable(true);
  action->setChecked(on);
  connect(action, &QAction::toggled, this, work);
  return action;
}

QAction* Actions::get(const QString& name) const {
  QAction* action = actions_.value(name);
  Q_ASSERT(action != nullptr);
  return action;
}

void Actions::redraw_icons() {
  for (auto drawing = drawings_.begin(); drawing != drawings_.end(); ++drawing) {
    actions_.value(drawing.key())->setIcon(icon(drawing.value()));
  }
}

}  // namespace geomx::gui

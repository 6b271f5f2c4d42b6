#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QAbstractScrollArea>
#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QPalette>
#include <QPixmap>
#include <QString>
#include <QTest>
#include <QWidget>
#include <string>

// What makes a panel look wrong, as far as a program can tell; and pictures of it for those who look.
namespace geomx::test {

inline QPalette dark_palette() {
  const QColor ground(0x23, 0x26, 0x29);
  const QColor text(0xef, 0xf0, 0xf1);
  QPalette palette(QColor(0x31, 0x36, 0x3b), ground);
  for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    palette.setColor(role, text);
    palette.setColor(QPalette::Disabled, role, QColor(0x8a, 0x8d, 0x90));
  }
  palette.setColor(QPalette::Base, QColor(0x1b, 0x1e, 0x20));
  palette.setColor(QPalette::AlternateBase, QColor(0x2a, 0x2e, 0x32));
  palette.setColor(QPalette::PlaceholderText, QColor(0x9a, 0x9d, 0xa0));
  palette.setColor(QPalette::ToolTipBase, ground);
  palette.setColor(QPalette::ToolTipText, text);
  return palette;
}

// Texts that do not fit, and neighbours that lie on each other; one a line.
inline std::string faults_of(const QWidget& panel) {
  std::string faults;
  for (const QWidget* widget : panel.findChildren<QWidget*>()) {
    if (!widget->isVisible()) continue;
    const QWidget* parent = widget->parentWidget();
    if (qobject_cast<const QAbstractScrollArea*>(parent) != nullptr ||
        qobject_cast<const QAbstractScrollArea*>(parent->parentWidget()) != nullptr) {
      continue;  // scrolls
    }
    const auto blame = [&](const std::string& what) {
      faults += QStringLiteral("%1 '%2' of %3 ")
                    .arg(widget->metaObject()->className(), widget->property("text").toString(),
                         panel.metaObject()->className())
                    .toStdString() +
                what + "\n";
    };
    if (qobject_cast<const QLabel*>(widget) || qobject_cast<const QAbstractButton*>(widget) ||
        qobject_cast<const QComboBox*>(widget)) {
      const QSize needed = widget->minimumSizeHint();
      if (widget->width() < needed.width() || widget->height() < needed.height()) {
        blame(fmt::format("is clipped: {} x {} of {} x {}", widget->width(), widget->height(), needed.width(),
                          needed.height()));
      }
    }
    if (parent->layout() == nullptr) continue;
    if (!parent->rect().contains(widget->geometry())) blame("sticks out");
    for (const QObject* other : parent->children()) {
      const auto* sibling = qobject_cast<const QWidget*>(other);
      if (sibling == nullptr || sibling == widget || !sibling->isVisible() || sibling->isWindow()) continue;
      if (sibling->geometry().intersects(widget->geometry())) blame("is overlapped");
    }
  }
  return faults;
}

// Widgets follow their fonts and words when the event loop comes to it, which on a busy machine may be seconds later.
inline void expect_sound(const QWidget& panel) {
  constexpr int kMilliseconds = 30'000;
  std::string faults;
  const bool sound = QTest::qWaitFor([&] { return (faults = faults_of(panel)).empty(); }, kMilliseconds);
  EXPECT_TRUE(sound) << faults;
}

// Into the folder that GEOMX_SCREENSHOTS names; nowhere where it is not set.
inline void keep_picture(QWidget& panel, const QString& name) {
  const QPixmap picture = panel.grab();
  ASSERT_FALSE(picture.isNull());
  const QString folder = qEnvironmentVariable("GEOMX_SCREENSHOTS");
  if (folder.isEmpty()) return;
  QDir().mkpath(folder);
  EXPECT_TRUE(picture.save(QStringLiteral("%1/%2.png").arg(folder, name)));
}

}  // namespace geomx::test

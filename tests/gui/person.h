#pragma once

#include <gtest/gtest.h>

#include <QAbstractButton>
#include <QApplication>
#include <QLineEdit>
#include <QScrollArea>
#include <QTabBar>
#include <QTest>
#include <QToolButton>
#include <QWidget>
#include <QWindow>

// Somebody at a window: presses, moves and types at places of the screen, and whatever lies there hears of it, as with
// a real mouse and keyboard. What is hidden, covered or out of sight cannot be reached.
namespace geomx::test {

class Person {
 public:
  explicit Person(QWidget& window) : window_(window) {}

  void press_and_drag(QPoint from, QPoint to) {
    QTest::mouseMove(screen(), from);
    QTest::mousePress(screen(), Qt::LeftButton, {}, from);
    for (int i = 1; i <= 5; ++i) QTest::mouseMove(screen(), from + (to - from) * i / 5);
    QTest::mouseRelease(screen(), Qt::LeftButton, {}, to);
    look();
  }
  void click(QPoint at) {
    QTest::mouseClick(screen(), Qt::LeftButton, {}, at);
    look();
  }
  void click(QWidget& widget) { click(place_of(widget, widget.rect().center())); }

  // One that can be seen, by its words without their mnemonic; null, and a failure: there is none.
  template <class Widget>
  Widget* find(const QString& words) {
    for (Widget* each : window_.findChildren<Widget*>()) {
      if (each->isVisible() && each->text().remove(QLatin1Char('&')) == words) return each;
    }
    ADD_FAILURE() << "nothing that says '" << words.toStdString() << "' is to be seen";
    return nullptr;
  }
  void press(const QString& button) {
    auto* found = find<QAbstractButton>(button);
    if (found == nullptr) return;
    EXPECT_TRUE(found->isEnabled()) << button.toStdString();
    scroll_to(*found);
    click(*found);
  }

  // The pane of that title, by its tab.
  void turn_to(const QString& title) { turn(window_.findChildren<QTabBar*>(Qt::FindDirectChildrenOnly), title); }
  // The page of that title in a pane.
  void turn_page(QWidget& pane, const QString& title) { turn(pane.findChildren<QTabBar*>(), title); }

  // Into the field of that name: what stands there is replaced. Enter ends it.
  void type_into(const QString& field, const QString& text) {
    auto* line = visible<QLineEdit>(field);
    if (line != nullptr) type_into(*line, text);
  }
  void type_into(QLineEdit& line, const QString& text) {
    scroll_to(line);
    click(line);
    EXPECT_TRUE(line.hasFocus()) << line.objectName().toStdString();
    key(Qt::Key_A, Qt::ControlModifier);
    if (text.isEmpty()) key(Qt::Key_Delete);
    type(text);
    key(Qt::Key_Return);
  }
  void type(const QString& text) {
    QWindow* window = QApplication::focusWindow();
    ASSERT_NE(window, nullptr);
    for (const QChar& letter : text) QTest::sendKeyEvent(QTest::Click, window, Qt::Key_unknown, letter, {});
    look();
  }
  void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
    QWindow* window = QApplication::focusWindow();
    ASSERT_NE(window, nullptr);
    QTest::keyClick(window, key, modifiers);
    look();
  }

  // With the Tab key.
  void go_to(QWidget& widget) {
    for (int i = 0; i < 200 && !widget.hasFocus(); ++i) {
      const QWidget* now = QApplication::focusWidget();
      const bool back = now != nullptr && place_of(*now, {}).y() > place_of(widget, {}).y();
      key(back ? Qt::Key_Backtab : Qt::Key_Tab, back ? Qt::ShiftModifier : Qt::NoModifier);
    }
    EXPECT_TRUE(widget.hasFocus()) << widget.objectName().toStdString();
  }

  // By its object's name; null, and a failure: there is none to be seen.
  template <class Widget>
  Widget* visible(const QString& name) {
    for (Widget* each : window_.findChildren<Widget*>(name)) {
      if (each->isVisible()) return each;
    }
    ADD_FAILURE() << "there is no " << name.toStdString() << " to be seen";
    return nullptr;
  }
  // Where a point of a widget is on the screen, as far as the window goes.
  QPoint place_of(const QWidget& widget, QPoint at) const { return widget.mapTo(&window_, at); }

 private:
  QWindow* screen() const { return window_.windowHandle(); }

  // Until what has been done has had its effect: also what follows when events have been handled, as the inspector
  // does.
  static void look() {
    constexpr int kMilliseconds = 5;
    QTest::qWait(kMilliseconds);
  }

  void scroll_to(QWidget& widget) {
    for (QWidget* parent = widget.parentWidget(); parent != nullptr; parent = parent->parentWidget()) {
      if (auto* area = qobject_cast<QScrollArea*>(parent)) area->ensureWidgetVisible(&widget);
    }
    look();
  }
  void turn(const QList<QTabBar*>& bars, const QString& title) {
    for (QTabBar* bar : bars) {
      for (int i = 0; bar->isVisible() && i < bar->count(); ++i) {
        if (bar->tabText(i).remove(QLatin1Char('&')) != title) continue;
        scroll_to_tab(*bar, i);
        click(place_of(*bar, bar->tabRect(i).center()));
        EXPECT_EQ(bar->currentIndex(), i) << title.toStdString();
        return;
      }
    }
    ADD_FAILURE() << "there is no tab " << title.toStdString();
  }
  // With the bar's arrows, where it has more tabs than room.
  void scroll_to_tab(QTabBar& bar, int index) {
    for (int tries = 0; tries < 2 * bar.count(); ++tries) {
      const QRect tab = bar.tabRect(index);
      QToolButton* covering = nullptr;
      for (QToolButton* arrow : bar.findChildren<QToolButton*>()) {
        if (arrow->isVisible() && arrow->isEnabled() &&
            ((tab.center().x() > bar.width() - 2 * arrow->width() && arrow->arrowType() == Qt::RightArrow) ||
             (tab.left() < 0 && arrow->arrowType() == Qt::LeftArrow))) {
          covering = arrow;
        }
      }
      if (covering == nullptr) return;
      click(*covering);
    }
  }

  QWidget& window_;
};

}  // namespace geomx::test

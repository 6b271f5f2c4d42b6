// A thousand events by a seeded monkey: clicks, drags, keys, wheels and actions, wherever. Nothing crashes, the
// document can be read back from its own text, and undoing everything gives the start back.
#include <gtest/gtest.h>

#include <QApplication>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>
#include <random>

#include "gui/window/main_window.h"

namespace {

using namespace geomx::gui;

class Monkey {
 public:
  Monkey(MainWindow& window, unsigned seed) : window_(window), view_(window.canvas()), random_(seed) {}

  void act() {
    switch (below(12)) {
      case 0:
      case 1:
        QTest::mouseClick(view_.viewport(), Qt::LeftButton, modifiers(), place());
        break;
      case 2:
      case 3:
      case 4:
        drag();
        break;
      case 5:
        QTest::keyClick(&view_, key(), below(4) == 0 ? Qt::ShiftModifier : Qt::NoModifier);
        break;
      case 6:
        wheel();
        break;
      case 7:
        QTest::mouseDClick(view_.viewport(), Qt::LeftButton, {}, place());
        break;
      case 8:
        view_.drop(static_cast<ItemKind>(below(4)), place());
        break;
      case 9: {
        const QStringList ids = window_.model().ids();
        if (!ids.isEmpty())
          view_.canvas().select({ids[below(static_cast<int>(ids.size()))], ids[below(static_cast<int>(ids.size()))]});
        break;
      }
      default:
        action();
        break;
    }
    if (below(10) == 0) QApplication::processEvents();
  }

 private:
  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
  QPoint place() {
    // Half of the time something is there.
    const auto& tops = view_.canvas().tops();
    if (below(2) == 0 && !tops.empty()) {
      const QRectF body = tops[static_cast<std::size_t>(below(static_cast<int>(tops.size())))]->obstacle();
      return view_.mapFromScene(body.topLeft() + QPointF(below(int(body.width()) + 1), below(int(body.height()) + 1)));
    }
    return {below(view_.viewport()->width()), below(view_.viewport()->height())};
  }
  Qt::KeyboardModifiers modifiers() { return below(4) == 0 ? Qt::ShiftModifier : Qt::NoModifier; }
  Qt::Key key() {
    static const Qt::Key kKeys[] = {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up,     Qt::Key_Down,  Qt::Key_Tab,
                                    Qt::Key_F2,   Qt::Key_Space, Qt::Key_Escape, Qt::Key_Return};
    return kKeys[below(9)];
  }
  void drag() {
    const QPoint from = place();
    const QPoint to = place();
    const Qt::MouseButton button = below(6) == 0 ? Qt::MiddleButton : Qt::LeftButton;
    QTest::mouseMove(view_.viewport(), from);
    QTest::mousePress(view_.viewport(), button, modifiers(), from);
    QTest::mouseMove(view_.viewport(), (from + to) / 2);
    if (below(6) == 0) QTest::keyClick(&view_, Qt::Key_Escape);
    if (below(8) == 0) window_.document().undo_stack().undo();  // what is dragged may go while it is dragged
    QTest::mouseMove(view_.viewport(), to);
    QTest::mouseRelease(view_.viewport(), button, {}, to);
  }
  void wheel() {
    const QPoint at = place();
    QWheelEvent event(at, view_.viewport()->mapToGlobal(at), {}, QPoint(0, below(2) == 0 ? 120 : -120), Qt::NoButton,
                      modifiers(), Qt::NoScrollPhase, false);
    QApplication::sendEvent(view_.viewport(), &event);
  }
  void action() {
    // All that neither opens a dialog nor starts a program.
    static const char* const kNames[] = {"undo",         "undo",          "undo",        "redo",       "cut",
                                         "copy",         "paste",         "duplicate",   "delete",     "rename",
                                         "connect",      "select-all",    "search",      "align-left", "align-middle",
                                         "distribute-h", "zoom-in",       "zoom-out",    "zoom-fit",   "zoom-selection",
                                         "layout",       "layout-circle", "layout-tree", "layout-map", "collapse",
                                         "expand",       "collapse-all",  "expand-all",  "next-pane",  "properties"};
    const char* name = kNames[below(static_cast<int>(std::size(kNames)))];
    if (std::string(name) == "duplicate" || std::string(name) == "paste") {
      if (window_.model().ids().size() > 150) return;  // they double
    }
    window_.actions().get(name)->trigger();
  }

  MainWindow& window_;
  CanvasView& view_;
  std::mt19937 random_;
};

TEST(Monkeys, AThousandEventsBreakNothing) {
  const unsigned seed = qEnvironmentVariableIsSet("GEOMX_SEED") ? qEnvironmentVariable("GEOMX_SEED").toUInt() : 6;
  SCOPED_TRACE("GEOMX_SEED=" + std::to_string(seed));
  const QTemporaryDir folder;
  MainWindow window(folder.path());
  window.files().set_asking([] { return FileController::Answer::discard; });
  ASSERT_TRUE(window.files().open(QString::fromUtf8(qgetenv("GEOMX_SOURCE")) + "/scenarios/three-dc.json"));
  const QByteArray start = window.document().text();
  window.show();
  window.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&window));
  Monkey monkey(window, seed);
  for (int i = 0; i < 1000; ++i) monkey.act();
  QApplication::processEvents();

  Document again;
  again.set_text(window.document().text());
  TopologyModel model(again);
  EXPECT_EQ(model.ids(), window.model().ids());
  EXPECT_EQ(window.canvas().canvas().links().size(), static_cast<qsizetype>(model.links().size()));
  for (const DatacenterItem& item : model.datacenters()) EXPECT_NE(window.canvas().canvas().vertex(item.id), nullptr);

  QUndoStack& stack = window.document().undo_stack();
  while (stack.canUndo()) stack.undo();
  EXPECT_EQ(window.document().text(), start);
}

}  // namespace

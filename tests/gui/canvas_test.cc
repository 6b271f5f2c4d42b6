// The canvas under a mouse and a keyboard.
#include <gtest/gtest.h>

#include <QApplication>
#include <QClipboard>
#include <QSignalSpy>
#include <QtTest>

#include "gui/canvas/arrange.h"
#include "gui/canvas/canvas_view.h"
#include "gui/canvas/label_layout.h"
#include "gui/canvas/mini_map.h"
#include "gui/canvas/palette_panel.h"
#include "gui/canvas/picture.h"
#include "gui/canvas/rename_field.h"
#include "gui/canvas/search_bar.h"

namespace {

using namespace geomx::gui;

constexpr const char* kTwo = R"({
  "version": 1, "name": "two",
  "topology": {
    "datacenters": [{"name": "a", "hosts": 2}, {"name": "b", "hosts": 1}],
    "nodes": [{"name": "r1", "kind": "router"}],
    "links": [{"name": "wan", "ends": ["a", "b"], "rate": "100Mbit", "delay": "30ms"}]
  }
})";

class Canvas : public testing::Test {
 protected:
  void SetUp() override {
    document.set_text(kTwo);
    positions.place("a", {-300, 0});
    positions.place("b", {300, 0});
    positions.place("r1", {0, 250});
    view.resize(1280, 800);
    view.show();
    view.zoom_to_fit();
    view.activateWindow();
    EXPECT_TRUE(QTest::qWaitForWindowActive(&view));
    view.setFocus();
  }
  QPoint on_screen(QPointF scene_point) const { return view.mapFromScene(scene_point); }
  QPoint at(const QString& id) const { return on_screen(scene.vertex(id)->scenePos()); }
  // A place of the box itself, beside its hosts.
  QPoint grip(const QString& id) const { return on_screen(scene.vertex(id)->obstacle().topLeft() + QPointF(60, 15)); }
  QPoint rim(const QString& id) const {
    const QRectF body = scene.vertex(id)->obstacle();
    return on_screen({body.center().x(), body.bottom()});
  }
  void drag(QPoint from, QPoint to, Qt::KeyboardModifiers modifiers = {}) {
    QTest::mouseMove(view.viewport(), from);
    QTest::mousePress(view.viewport(), Qt::LeftButton, modifiers, from);
    for (int i = 1; i <= 4; ++i) QTest::mouseMove(view.viewport(), from + (to - from) * i / 4);
    QTest::mouseRelease(view.viewport(), Qt::LeftButton, modifiers, to);
    QApplication::processEvents();
  }
  int steps() { return document.undo_stack().count(); }

  Document document;
  TopologyModel model{document};
  Positions positions{model};
  CanvasScene scene{model, positions};
  CanvasView view{scene};
};

TEST_F(Canvas, DrawsWhatTheFileSays) {
  ASSERT_NE(scene.vertex("a"), nullptr);
  EXPECT_TRUE(scene.vertex("a")->is_box());
  for (const char* host : {"a-gateway", "a-switch", "a-host-0", "a-host-1", "b-host-0"}) {
    EXPECT_NE(scene.vertex(host), nullptr) << host;
  }
  EXPECT_EQ(scene.vertex("b-host-1"), nullptr);
  const LinkLine* wan = scene.link("link:wan");
  ASSERT_NE(wan, nullptr);
  EXPECT_EQ(wan->end(0), scene.vertex("a"));
  EXPECT_EQ(wan->label(), QStringList(QStringLiteral("100\u00a0Mbit \u00b7 30\u00a0ms")));
}

TEST_F(Canvas, DragFromThePalettePutsItWhereItIsLetGo) {
  PalettePanel palette(view);
  palette.move(view.mapToGlobal(QPoint(0, 0)));
  palette.show();
  QToolButton* button = palette.button(ItemKind::router);
  const QPoint target(640, 60);  // above the boxes
  const QPoint there = button->mapFromGlobal(view.viewport()->mapToGlobal(target));
  // As a real drag comes: the button that was pressed hears of it all, also from beside it.
  const auto send = [button](QEvent::Type type, QPoint at, Qt::MouseButtons held) {
    QMouseEvent event(type, at, button->mapToGlobal(at), type == QEvent::MouseMove ? Qt::NoButton : Qt::LeftButton,
                      held, Qt::NoModifier);
    QApplication::sendEvent(button, &event);
  };
  send(QEvent::MouseButtonPress, button->rect().center(), Qt::LeftButton);
  send(QEvent::MouseMove, button->rect().center() + QPoint(30, 0), Qt::LeftButton);
  send(QEvent::MouseMove, there, Qt::LeftButton);
  send(QEvent::MouseButtonRelease, there, Qt::NoButton);
  ASSERT_NE(model.node("router1"), nullptr) << document.text().toStdString();
  EXPECT_LT(QLineF(view.mapToScene(target), positions.of("router1")).length(), 3);
  EXPECT_EQ(scene.selected_ids(), QStringList("router1"));
  document.undo_stack().undo();
  EXPECT_EQ(model.node("router1"), nullptr);
}

TEST_F(Canvas, AHostDroppedOnADataCenterJoinsItsLan) {
  ASSERT_TRUE(view.drop(ItemKind::host, grip("a")));
  ASSERT_EQ(model.nodes().size(), 2U);
  EXPECT_EQ(model.nodes().back().datacenter, "a");
  EXPECT_EQ(scene.vertex(model.nodes().back().id)->parentItem(), scene.vertex("a"));
  EXPECT_FALSE(view.drop(ItemKind::host, QPoint(-40, 10))) << "beside the canvas";
  EXPECT_EQ(model.nodes().size(), 2U);
}

TEST_F(Canvas, AClickInThePaletteFindsRoom) {
  PalettePanel palette(view);
  for (int i = 0; i < 5; ++i) QTest::mouseClick(palette.button(ItemKind::datacenter), Qt::LeftButton);
  ASSERT_EQ(model.datacenters().size(), 7U);
  const auto& tops = scene.tops();
  for (std::size_t i = 0; i < tops.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(tops[i]->obstacle().intersects(tops[j]->obstacle()))
          << tops[i]->id().toStdString() << " " << tops[j]->id().toStdString();
    }
  }
}

TEST_F(Canvas, DragFromARimDrawsALink) {
  drag(rim("r1"), grip("b"));
  ASSERT_EQ(model.links().size(), 2U);
  EXPECT_EQ(model.links().back().ends[0], "r1");
  EXPECT_EQ(model.links().back().ends[1], "b");
  EXPECT_EQ(positions.of("r1"), QPointF(0, 250)) << "it did not move";
  drag(rim("r1"), on_screen({0, 100}));
  EXPECT_EQ(model.links().size(), 2U) << "let go on nothing";
  drag(rim("a"), at("b-host-0"));
  ASSERT_EQ(model.links().size(), 3U);
  EXPECT_EQ(model.links().back().ends[1], "b") << "a host that the data center brings along stands for it";
}

TEST_F(Canvas, MovesAndTakesBack) {
  const QPointF before = positions.of("a");
  const QByteArray text = document.text();
  drag(grip("a"), grip("a") + QPoint(60, -48));
  EXPECT_NE(positions.of("a"), before);
  EXPECT_EQ(scene.vertex("a")->pos(), positions.of("a"));
  EXPECT_EQ(document.text(), text) << "positions are not the topology's";
  document.undo_stack().undo();
  EXPECT_EQ(positions.of("a"), before);
  EXPECT_EQ(scene.vertex("a")->pos(), before);
  document.undo_stack().redo();
  EXPECT_NE(positions.of("a"), before);
}

TEST_F(Canvas, EscapeGivesADragUp) {
  const QPointF before = positions.of("r1");
  const QPoint from = at("r1");
  QTest::mousePress(view.viewport(), Qt::LeftButton, {}, from);
  QTest::mouseMove(view.viewport(), from + QPoint(80, 20));
  EXPECT_NE(scene.vertex("r1")->pos(), before);
  QTest::keyClick(&view, Qt::Key_Escape);
  QTest::mouseRelease(view.viewport(), Qt::LeftButton, {}, from + QPoint(80, 20));
  EXPECT_EQ(scene.vertex("r1")->pos(), before);
  EXPECT_EQ(positions.of("r1"), before);
}

TEST_F(Canvas, SelectsByClickShiftAndRubberBand) {
  QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, at("r1"));
  EXPECT_EQ(scene.selected_ids(), QStringList("r1"));
  QTest::mouseClick(view.viewport(), Qt::LeftButton, Qt::ShiftModifier, grip("a"));
  EXPECT_EQ(scene.selected_ids(), QStringList({"a", "r1"}));
  QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, on_screen(scene.link("link:wan")->at(0.25)));
  EXPECT_EQ(scene.selected_ids(), QStringList("link:wan"));
  QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, at("a-host-1"));
  EXPECT_TRUE(scene.selected_ids().isEmpty()) << "it is nothing of its own in the file";
  EXPECT_EQ(scene.subjects(), QStringList("a"));
  EXPECT_EQ(scene.selected_node(), "a-host-1");
  drag(QPoint(3, 3), QPoint(1270, 790));
  EXPECT_EQ(scene.selected_ids(), QStringList({"a", "b", "link:wan", "r1"}));
}

TEST_F(Canvas, AnEditLeavesWhatIsSelected) {
  scene.select({"link:wan"});
  ASSERT_FALSE(model.set_property({"link:wan"}, "rate", "\"5Mbit\""));
  EXPECT_EQ(scene.selected_ids(), QStringList("link:wan"));
  ASSERT_FALSE(model.rename("link:wan", "atlantic"));
  EXPECT_EQ(scene.selected_ids(), QStringList("link:atlantic"));
  scene.select({"a", "r1"});
  ASSERT_FALSE(model.rename("a", "amsterdam"));
  EXPECT_EQ(scene.selected_ids(), QStringList({"amsterdam", "r1"}));
}

TEST_F(Canvas, DeletesWithLinksAndTakesBack) {
  const QByteArray text = document.text();
  scene.select({"b"});
  view.commands().remove_selected();
  EXPECT_EQ(scene.vertex("b"), nullptr);
  EXPECT_EQ(scene.link("link:wan"), nullptr);
  document.undo_stack().undo();
  EXPECT_EQ(document.text(), text);
  EXPECT_NE(scene.link("link:wan"), nullptr);
  EXPECT_EQ(scene.vertex("b")->pos(), QPointF(300, 0)) << "where it was";

  scene.select({"a-host-0"});
  QSignalSpy refused(&view, &CanvasView::refused);
  view.commands().remove_selected();
  EXPECT_EQ(refused.count(), 1);
  EXPECT_EQ(document.text(), text);
}

TEST_F(Canvas, CopiesPastesDuplicatesAndCuts) {
  scene.select({"a", "b", "link:wan"});
  ASSERT_TRUE(view.commands().copy_selected());
  view.commands().paste({0, -400});
  EXPECT_EQ(model.datacenters().size(), 4U);
  EXPECT_EQ(model.links().size(), 2U);
  EXPECT_EQ(scene.selected_ids().size(), 3);
  const QString copy = model.datacenters().back().id;
  EXPECT_NE(positions.of(copy), positions.of("b"));
  scene.select({"r1"});
  view.commands().duplicate_selected();
  EXPECT_EQ(model.nodes().size(), 2U);
  view.commands().cut_selected();
  EXPECT_EQ(model.nodes().size(), 1U);
  view.commands().paste({0, 0});
  EXPECT_EQ(model.nodes().size(), 2U);
  QGuiApplication::clipboard()->setText("no network at all");
  QSignalSpy refused(&view, &CanvasView::refused);
  view.commands().paste({0, 0});
  EXPECT_EQ(refused.count(), 1);
  EXPECT_EQ(model.nodes().size(), 2U);
}

TEST_F(Canvas, KeyboardAloneDrawsANetwork) {
  QTest::keyClick(&view, Qt::Key_Tab);
  EXPECT_EQ(scene.selected_ids(), QStringList("a"));
  const QPointF before = positions.of("a");
  const int count = steps();
  for (int i = 0; i < 3; ++i) QTest::keyClick(&view, Qt::Key_Right);
  EXPECT_EQ(positions.of("a"), before + QPointF(36, 0));
  EXPECT_EQ(steps(), count + 1) << "one step for a row of nudges";
  QTest::keyClick(&view, Qt::Key_Tab);
  EXPECT_EQ(scene.selected_node(), "a-gateway");
  QTest::keyClick(&view, Qt::Key_Escape);
  EXPECT_TRUE(scene.selectedItems().isEmpty());

  scene.select({"a", "r1"});
  view.commands().connect_selected();
  ASSERT_EQ(model.links().size(), 2U);
  EXPECT_EQ(model.links().back().ends[1], "r1");

  scene.select({"r1"});
  view.rename_selected();
  auto* field = view.viewport()->findChild<RenameField*>();
  ASSERT_NE(field, nullptr);
  QTest::keyClicks(field, "core");
  QTest::keyClick(field, Qt::Key_Return);
  EXPECT_NE(model.node("core"), nullptr);
  EXPECT_EQ(model.links().back().ends[1], "core");
  EXPECT_EQ(scene.vertex("core")->pos(), QPointF(0, 250));

  scene.select({"core"});
  view.rename_selected();
  field = view.viewport()->findChildren<RenameField*>().last();
  QTest::keyClicks(field, "a");
  QTest::keyClick(field, Qt::Key_Return);
  EXPECT_NE(model.node("core"), nullptr) << "a name that is taken";
  EXPECT_TRUE(field->isVisible());
  QTest::keyClick(field, Qt::Key_Escape);
}

TEST_F(Canvas, SearchMarksAndJumps) {
  SearchBar bar(view, &view);
  bar.open();
  QTest::keyClicks(bar.field(), "b-host");
  EXPECT_EQ(scene.selected_node(), "b-host-0");
  bar.field()->clear();
  QTest::keyClicks(bar.field(), "HOST");
  const QString first = scene.selected_node();
  QTest::keyClick(bar.field(), Qt::Key_Return);
  EXPECT_NE(scene.selected_node(), first);
  QTest::keyClick(bar.field(), Qt::Key_Return, Qt::ShiftModifier);
  EXPECT_EQ(scene.selected_node(), first);
  positions.set_collapsed("a", true);
  EXPECT_TRUE(view.reveal("a-host-0"));
  EXPECT_EQ(scene.selected_ids(), QStringList("a")) << "its box, as it is collapsed";
  EXPECT_FALSE(view.reveal("nobody"));
}

TEST_F(Canvas, CollapsedBoxesKeepTheirLinks) {
  const QRectF large = scene.vertex("a")->obstacle();
  positions.set_collapsed("a", true);
  EXPECT_LT(scene.vertex("a")->obstacle().width(), large.width());
  EXPECT_EQ(scene.vertex("a-host-0"), nullptr);
  EXPECT_TRUE(scene.link("link:wan")->isVisible());
  const auto* box = static_cast<const BoxVertex*>(scene.vertex("a"));
  QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, on_screen(box->pos() + box->toggle().center()));
  EXPECT_FALSE(positions.is_collapsed("a")) << "its mark expands it";
}

TEST_F(Canvas, WheelZoomsAboutThePointerAndPanStays) {
  const QPoint pointer(300, 500);
  const QPointF under = view.mapToScene(pointer);
  const qreal before = view.zoom();
  QWheelEvent wheel(pointer, view.viewport()->mapToGlobal(pointer), {}, QPoint(0, 240), Qt::NoButton, {},
                    Qt::NoScrollPhase, false);
  QApplication::sendEvent(view.viewport(), &wheel);
  EXPECT_GT(view.zoom(), before);
  EXPECT_LT(QLineF(under, view.mapToScene(pointer)).length(), 3);
  QTest::mousePress(view.viewport(), Qt::MiddleButton, {}, QPoint(500, 400));
  const QPointF middle = view.middle();
  QTest::mouseMove(view.viewport(), QPoint(450, 380));
  QTest::mouseRelease(view.viewport(), Qt::MiddleButton, {}, QPoint(450, 380));
  EXPECT_GT(view.middle().x(), middle.x());
  view.zoom_to_fit();
  EXPECT_TRUE(view.seen().contains(scene.contents()));
}

TEST_F(Canvas, MiniMapLooksElsewhere) {
  MiniMap map(view);
  map.resize(200, 150);
  map.show();
  view.set_zoom(2);
  const QPointF there = positions.of("b");
  QTest::mouseClick(&map, Qt::LeftButton, {}, map.to_map().map(there).toPoint());
  EXPECT_LT(QLineF(view.middle(), there).length(), 30);
}

TEST_F(Canvas, AlignsAndSpreads) {
  scene.select({"a", "b", "r1"});
  view.commands().align(Alignment::middle);
  EXPECT_EQ(positions.of("a").y(), positions.of("b").y());
  EXPECT_EQ(positions.of("a").y(), positions.of("r1").y());
  document.undo_stack().undo();
  EXPECT_EQ(positions.of("r1"), QPointF(0, 250));
  const std::vector<QPointF> spread =
      aligned(Alignment::spread_across, {QRectF(0, 0, 10, 10), QRectF(90, 0, 10, 10), QRectF(20, 0, 20, 10)});
  EXPECT_EQ(spread[2], QPointF(50, 5)) << "gaps of 30 and 30";
  EXPECT_EQ(spread[0], QPointF(5, 5));
}

TEST_F(Canvas, LabelsKeepApart) {
  for (int i = 0; i < 12; ++i) {
    const QString id = model.add_node(ItemKind::router);
    positions.place(id, {(i % 4) * 60.0, 300 + (i / 4) * 62.0});
    if (i > 0) model.connect(id, "r1", {{"rate", "\"10Mbit\""}, {"delay", "\"5ms\""}});
  }
  scene.relabel();
  std::vector<LabelLayer::Label> labels;
  for (const QGraphicsItem* item : scene.items()) {
    if (const auto* layer = dynamic_cast<const LabelLayer*>(item)) labels = layer->labels();
  }
  ASSERT_GT(labels.size(), 10U);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(labels[i].rect.intersects(labels[j].rect));
    for (const Vertex* top : scene.tops()) EXPECT_FALSE(labels[i].rect.intersects(top->obstacle()));
  }
  const auto none = place_labels({{{10, 10}, {{0, 0}}}, {{10, 10}, {{4, 4}}}}, {});
  EXPECT_TRUE(none[0].has_value());
  EXPECT_FALSE(none[1].has_value()) << "its only place is taken";
}

TEST_F(Canvas, ShowsWhatALabTells) {
  scene.set_link_state("wan", {.forward = {.utilisation = 0.9, .bits_per_second = 9.04e7, .loss = 0.012},
                               .backward = {.utilisation = 0, .bits_per_second = 0, .loss = 0},
                               .up = true});
  scene.relabel();
  const QStringList label = scene.link("link:wan")->label();
  ASSERT_EQ(label.size(), 2);
  EXPECT_EQ(label[0], QStringLiteral("\u2192 90.4\u00a0Mbit/s \u00b7 loss 1.2\u00a0%"));
  EXPECT_EQ(label[1], QStringLiteral("\u2190 0"));
  EXPECT_TRUE(scene.link("link:wan")->label_warns());
  const QImage hot = view.viewport()->grab().toImage();
  const QPoint middle = on_screen(scene.link("link:wan")->at(0.1)) + QPoint(0, 2);
  const QColor seen = hot.pixelColor(middle);
  EXPECT_GT(seen.red(), seen.blue() + 60)
      << "a link that is full is drawn in a warm colour " << seen.name().toStdString();
  scene.set_link_state("wan", {.forward = {}, .backward = {}, .up = false});
  EXPECT_EQ(scene.link("link:wan")->label().size(), 1);
  scene.set_node_state("a-host-0", NodeState::dead);
  EXPECT_EQ(scene.vertex("a-host-0")->state(), NodeState::dead);
  model.add_node(ItemKind::host);
  EXPECT_EQ(scene.vertex("a-host-0")->state(), NodeState::dead) << "an edit does not wake the dead";
  scene.clear_states();
  EXPECT_EQ(scene.vertex("a-host-0")->state(), NodeState::unknown);
  EXPECT_EQ(scene.link("link:wan")->label(), QStringList(QStringLiteral("100\u00a0Mbit \u00b7 30\u00a0ms")));
}

TEST_F(Canvas, PicturesAreWhole) {
  const QTemporaryDir folder;
  write_png(scene, folder.filePath("two.png"));
  const QImage image(folder.filePath("two.png"));
  EXPECT_GT(image.width(), 1200);
  write_svg(scene, folder.filePath("two.svg"));
  QFile svg(folder.filePath("two.svg"));
  ASSERT_TRUE(svg.open(QIODevice::ReadOnly));
  EXPECT_TRUE(svg.readAll().contains("<svg"));
  EXPECT_ANY_THROW(write_png(scene, folder.filePath("missing/two.png")));
}

}  // namespace

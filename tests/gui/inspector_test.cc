// The inspector as a person uses it: clicks into a field, types, presses Enter, reads what is said.
#include "gui/panels/inspector.h"

#include <gtest/gtest.h>

#include <QCheckBox>
#include <QComboBox>
#include <QFile>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QWheelEvent>
#include <QtTest/QTest>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "emulator/base/units.h"

namespace geomx::gui {
namespace {

class InspectorTest : public testing::Test {
 protected:
  InspectorTest() {
    open("three-dc.json");
    inspector_.resize(360, 700);
    inspector_.QWidget::show();
    inspector_.activateWindow();  // where no window manager does: what has the focus counts in an active window alone
    EXPECT_TRUE(QTest::qWaitForWindowActive(&inspector_));
  }

  void open(const char* name) {
    QFile file(QString::fromLocal8Bit(qgetenv("GEOMX_SOURCE")) + QStringLiteral("/scenarios/") + QLatin1String(name));
    EXPECT_TRUE(file.open(QIODevice::ReadOnly));
    document_.set_text(file.readAll());
    EXPECT_TRUE(document_.problems().isEmpty());
  }

  void turn_to(const QString& title) {
    for (int i = 0; i < pages().count(); ++i) {
      if (pages().tabText(i) == title) pages().setCurrentIndex(i);
    }
    EXPECT_EQ(pages().tabText(pages().currentIndex()), title);
  }

  // What was deleted later is no part of what a person sees.
  template <class Widget>
  Widget* find(const QString& name) {
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    Widget* widget = inspector_.findChild<Widget*>(name);
    EXPECT_NE(widget, nullptr) << "there is no " << name.toStdString();
    return widget;
  }
  QTabWidget& pages() { return *find<QTabWidget>(QStringLiteral("pages")); }
  QLineEdit& line(const QString& path) { return *find<QLineEdit>(path); }
  QComboBox& choice(const QString& path) { return *find<QComboBox>(path); }
  QString reason(const QString& path) {
    const QLabel* label = find<QLabel>(path + QStringLiteral("/reason"));
    return label->isHidden() ? QString() : label->text();
  }

  void type(const QString& path, const QString& text) {
    QLineEdit& field = line(path);
    field.setFocus();
    QTest::keyClick(&field, Qt::Key_A, Qt::ControlModifier);
    if (text.isEmpty()) QTest::keyClick(&field, Qt::Key_Delete);
    QTest::keyClicks(&field, text);
  }
  void enter(const QString& path, const QString& text) {
    type(path, text);
    QTest::keyClick(&line(path), Qt::Key_Return);
  }
  // Opens the list and goes down to the entry with the keyboard.
  void choose(const QString& path, const QString& entry) {
    QComboBox& box = choice(path);
    box.setFocus();
    const int steps = box.findText(entry) - box.currentIndex();
    ASSERT_GE(box.findText(entry), 0) << entry.toStdString();
    for (int i = 0; i < std::abs(steps); ++i) QTest::keyClick(&box, steps > 0 ? Qt::Key_Down : Qt::Key_Up);
    EXPECT_EQ(box.currentText(), entry);
  }
  QString step() { return document_.undo_stack().undoText(); }

  Document document_;
  TopologyModel model_{document_};
  Inspector inspector_{model_};
};

TEST_F(InspectorTest, ALinksRateIsTypedAsPeopleWriteIt) {
  inspector_.show({"link:wan-a"});
  EXPECT_EQ(line("rate").text(), "100Mbit");
  enter("rate", "1.5Gbit");
  EXPECT_EQ(document_.typed("/topology/links/0/rate"), "1.5Gbit");
  EXPECT_EQ(step(), "Set rate of wan-a to 1.5Gbit");
  EXPECT_EQ(reason("rate"), "");
  document_.undo_stack().undo();
  EXPECT_EQ(line("rate").text(), "100Mbit");
}

TEST_F(InspectorTest, AnInvalidValueIsMarkedWhereItStandsAndNeverReachesTheFile) {
  const QByteArray before = document_.text();
  inspector_.show({"link:wan-a"});
  type("delay", "30");
  EXPECT_FALSE(reason("delay").isEmpty()) << "while it is being typed";
  EXPECT_TRUE(line("delay").property("invalid").toBool());
  EXPECT_TRUE(line("delay").toolTip().contains(reason("delay").mid(2)));
  QTest::keyClick(&line("delay"), Qt::Key_Return);
  EXPECT_EQ(document_.text(), before);
  EXPECT_EQ(line("delay").text(), "30") << "what was typed stays, to be corrected";
  QTest::keyClicks(&line("delay"), "us");
  EXPECT_EQ(reason("delay"), "");
  QTest::keyClick(&line("delay"), Qt::Key_Return);
  EXPECT_EQ(document_.typed("/topology/links/0/delay"), "30us");

  type("delay", "soon");
  QTest::keyClick(&line("delay"), Qt::Key_Escape);
  EXPECT_EQ(line("delay").text(), "30us");
  EXPECT_EQ(reason("delay"), "");
}

TEST_F(InspectorTest, DirectionsHaveTabsOfTheirOwn) {
  inspector_.show({"link:wan-a"});
  turn_to(QStringLiteral("central \u2192 a"));
  EXPECT_EQ(line("forward/rate").text(), "");
  EXPECT_EQ(line("forward/rate").placeholderText(), "100Mbit");
  enter("forward/rate", "20Mbit");
  const auto link = document_.scenario()->topology.links[0];
  EXPECT_EQ(link.forward.rate, BitsPerSecond{20'000'000});
  EXPECT_EQ(link.backward.rate, BitsPerSecond{100'000'000});
  enter("forward/rate", "");
  EXPECT_EQ(document_.typed("/topology/links/0/forward"), std::nullopt);
}

TEST_F(InspectorTest, ManyLinksAreEditedAtOnce) {
  enter("/name", "three-dc");  // nothing happens: it is the same
  EXPECT_FALSE(document_.undo_stack().canUndo());
  inspector_.show({"link:wan-a"});
  enter("rate", "50Mbit");
  inspector_.show({"link:wan-a", "link:wan-b"});
  EXPECT_EQ(find<QLabel>("title")->text(), "2 links");
  EXPECT_EQ(line("rate").text(), "");
  EXPECT_EQ(line("rate").placeholderText(), "(several)");
  EXPECT_EQ(line("delay").text(), "30ms");
  enter("rate", "70Mbit");
  EXPECT_EQ(document_.typed("/topology/links/0/rate"), "70Mbit");
  EXPECT_EQ(document_.typed("/topology/links/1/rate"), "70Mbit");
  EXPECT_EQ(step(), "Set rate of 2 links to 70Mbit");
  document_.undo_stack().undo();
  EXPECT_EQ(line("rate").placeholderText(), "(several)");
}

TEST_F(InspectorTest, APresetIsChosen) {
  inspector_.show({"link:wan-b"});
  choose("preset", "leo-satellite");
  EXPECT_EQ(document_.typed("/topology/links/1/preset"), "leo-satellite");
  EXPECT_EQ(line("rate").text(), "");
  EXPECT_TRUE(line("rate").placeholderText().contains("bit")) << line("rate").placeholderText().toStdString();
}

TEST_F(InspectorTest, FollowsASelectionOnceItHasComeToRest) {
  inspector_.show_soon({QStringLiteral("d:central")});
  inspector_.show_soon({TopologyModel::link_id(QStringLiteral("wan-a"))});
  EXPECT_TRUE(QTest::qWaitFor([this] { return find<QLabel>(QStringLiteral("title"))->text() == "wan-a"; }));
  EXPECT_EQ(inspector_.findChildren<QLineEdit*>(QStringLiteral("rate")).size(), 1);
}

TEST_F(InspectorTest, RenamingKeepsTheItemInView) {
  inspector_.show({"a"});
  enter("name", "amsterdam");
  EXPECT_EQ(document_.typed("/topology/links/0/ends/1"), "amsterdam");
  EXPECT_EQ(inspector_.shown(), QStringList({"amsterdam"}));
  EXPECT_EQ(line("name").text(), "amsterdam");
  enter("name", "b");
  EXPECT_FALSE(reason("name").isEmpty());
  EXPECT_EQ(inspector_.shown(), QStringList({"amsterdam"}));
  model_.remove({"amsterdam"});
  EXPECT_TRUE(inspector_.shown().isEmpty());
}

TEST_F(InspectorTest, ADataCenterTakesPartInTheTraining) {
  inspector_.show({"b"});
  EXPECT_EQ(line("party/workers").text(), "2");
  enter("party/workers", "5");
  EXPECT_EQ(document_.scenario()->training->parties[2].workers, 5);
  enter("party/workers", "many");
  EXPECT_FALSE(reason("party/workers").isEmpty());
  QTest::keyClick(&line("party/workers"), Qt::Key_Escape);
  QTest::mouseClick(find<QCheckBox>("takes_part"), Qt::LeftButton, {}, QPoint(8, 8));
  EXPECT_EQ(document_.value("/training/parties")->size(), 2u);
  QTest::mouseClick(find<QCheckBox>("takes_part"), Qt::LeftButton, {}, QPoint(8, 8));
  EXPECT_EQ(document_.scenario()->training->parties[2].workers, 1);
  turn_to("LAN");
  enter("lan/rate", "1Gbit");
  EXPECT_EQ(document_.typed("/topology/datacenters/2/lan/rate"), "1Gbit");
}

TEST_F(InspectorTest, TheTrainingJobHasAForm) {
  turn_to("Training");
  choose("/training/sync/name", "hfa");
  EXPECT_EQ(document_.scenario()->training->sync.name, "hfa");
  enter("/training/optimizer/learning_rate", "0.01");
  EXPECT_EQ(document_.typed("/training/optimizer/learning_rate"), "0.01");
  enter("/training/rounds", "20");
  EXPECT_EQ(line("/training/epochs").text(), "") << "they exclude each other";
  enter("/training/batch_size", "0");
  EXPECT_FALSE(reason("/training/batch_size").isEmpty());
  QTest::keyClick(&line("/training/batch_size"), Qt::Key_Escape);
  QTest::mouseClick(find<QPushButton>("remove_training"), Qt::LeftButton);
  QCoreApplication::processEvents();
  EXPECT_EQ(document_.typed("/training"), std::nullopt);
  QTest::mouseClick(find<QPushButton>("add_training"), Qt::LeftButton);
  QCoreApplication::processEvents();
  EXPECT_EQ(document_.scenario()->training->parties.size(), 3u);
}

TEST_F(InspectorTest, EventsAreAddedEditedAndRemoved) {
  turn_to("Events");
  QTest::mouseClick(find<QPushButton>("/events/add"), Qt::LeftButton);
  EXPECT_EQ(document_.value("/events")->size(), 1u);
  ASSERT_TRUE(document_.problems().isEmpty()) << document_.problems()[0].what.toStdString();
  enter("at", "20s");
  EXPECT_EQ(document_.typed("/events/0/at"), "20s");
  enter("link", "wan-c");
  EXPECT_TRUE(reason("link").contains("wan-c")) << reason("link").toStdString();
  QTest::keyClick(&line("link"), Qt::Key_Escape);
  EXPECT_TRUE(find<QListWidget>("/events")->item(0)->text().contains("20s"));
  QTest::mouseClick(find<QPushButton>("/events/remove"), Qt::LeftButton);
  EXPECT_EQ(document_.typed("/events"), std::nullopt);
  turn_to("Expectations");
  EXPECT_TRUE(find<QListWidget>("/expect")->item(0)->text().contains("test_accuracy"));
}

TEST_F(InspectorTest, WhatHasNoFormIsEditedAsItIsWritten) {
  inspector_.show({"link:wan-a"});
  turn_to("JSON");
  auto* text = find<QPlainTextEdit>("fragment");
  text->setFocus();
  QTest::keyClick(text, Qt::Key_A, Qt::ControlModifier);
  QTest::keyClicks(text, R"({"name": "wan-a", "ends": ["central", "a"], "gilbert_elliott": {"p": "1%"}})");
  EXPECT_FALSE(find<QLabel>("fragment/reason")->isHidden()) << "r is missing";
  EXPECT_FALSE(find<QPushButton>("fragment/apply")->isEnabled());
  QTest::keyClick(text, Qt::Key_A, Qt::ControlModifier);
  QTest::keyClicks(text, R"({"name": "wan-a", "ends": ["central", "a"], "gilbert_elliott": {"p": "1%", "r": "9%"}})");
  EXPECT_TRUE(find<QLabel>("fragment/reason")->isHidden());
  QTest::keyClick(text, Qt::Key_Return, Qt::ControlModifier);
  EXPECT_TRUE(document_.scenario()->topology.links[0].forward.gilbert_elliott);
}

TEST_F(InspectorTest, AClickedProblemLeadsToItsField) {
  QByteArray broken = document_.text();
  broken.replace("\"delay\": \"30ms\"}\n    ]", "\"delay\": \"30ms\", \"corrupt\": \"lots\"}\n    ]");
  broken.replace("\"batch_size\": 32", "\"batch_size\": \"32\"");
  document_.replace_text("Edit the text", broken);
  ASSERT_EQ(document_.problems().size(), 2);
  EXPECT_TRUE(inspector_.reveal(document_.problems()[0].pointer));
  EXPECT_EQ(inspector_.shown(), QStringList({"link:wan-b"}));
  EXPECT_FALSE(reason("corrupt").isEmpty());
  EXPECT_TRUE(line("corrupt").isVisible());
  EXPECT_TRUE(inspector_.reveal(document_.problems()[1].pointer));
  EXPECT_TRUE(inspector_.shown().isEmpty());
  EXPECT_FALSE(reason("/training/batch_size").isEmpty());
  enter("/training/batch_size", "64");
  EXPECT_EQ(document_.problems().size(), 1);
  EXPECT_FALSE(inspector_.reveal("/nothing/of/the/kind"));
}

TEST_F(InspectorTest, TheWheelScrollsThePanelAndNotTheValue) {
  inspector_.show({"link:wan-a"});
  QComboBox& preset = choice("preset");
  line("rate").setFocus();
  QWheelEvent wheel(QPointF(4, 4), preset.mapToGlobal(QPointF(4, 4)), {}, QPoint(0, -120), Qt::NoButton, Qt::NoModifier,
                    Qt::NoScrollPhase, false);
  QCoreApplication::sendEvent(&preset, &wheel);
  EXPECT_EQ(preset.currentIndex(), 0);
  EXPECT_FALSE(document_.undo_stack().canUndo());
}

TEST_F(InspectorTest, WhatAChoicePassesOnTheWayIsOneStep) {
  inspector_.show({"link:wan-a"});
  const QByteArray before = document_.text();
  QComboBox& preset = choice("preset");
  preset.setFocus();
  for (int i = 0; i < 4; ++i) QTest::keyClick(&preset, Qt::Key_Down);
  QWheelEvent wheel(QPointF(4, 4), preset.mapToGlobal(QPointF(4, 4)), {}, QPoint(0, -120), Qt::NoButton, Qt::NoModifier,
                    Qt::NoScrollPhase, false);
  QCoreApplication::sendEvent(&preset, &wheel);
  EXPECT_EQ(preset.currentIndex(), 5);
  EXPECT_EQ(document_.undo_stack().count(), 1);
  EXPECT_TRUE(step().contains(preset.currentText())) << step().toStdString();
  const QByteArray chosen = document_.text();
  document_.undo_stack().undo();
  EXPECT_EQ(document_.text(), before);
  document_.undo_stack().redo();
  EXPECT_EQ(document_.text(), chosen);

  line("delay").setFocus();
  preset.setFocus();
  QTest::keyClick(&preset, Qt::Key_Up);
  EXPECT_EQ(document_.undo_stack().count(), 2) << "somebody has come back to it";
  QTest::keyClick(&preset, Qt::Key_Down);
  EXPECT_EQ(document_.undo_stack().count(), 1) << "there and back is nothing";
  EXPECT_EQ(document_.text(), chosen);
  enter("delay", "9ms");
  enter("delay", "8ms");
  EXPECT_EQ(document_.undo_stack().count(), 3) << "what is typed is a step each time";
}

TEST_F(InspectorTest, ABrokenFileHasFieldsThatDoNothing) {
  document_.replace_text("Break it", "{");
  EXPECT_TRUE(inspector_.shown().isEmpty());
  enter("/seed", "4");
  EXPECT_EQ(document_.text(), "{");
  document_.undo_stack().undo();
  EXPECT_EQ(line("/seed").text(), "7");
}

}  // namespace
}  // namespace geomx::gui

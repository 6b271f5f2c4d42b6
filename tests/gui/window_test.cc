// The editor's window as a person uses it.
#include <gtest/gtest.h>

#include <QApplication>
#include <QDirIterator>
#include <QDockWidget>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMenuBar>
#include <QPushButton>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>
#include <filesystem>
#include <functional>

#include "gui/window/main_window.h"
#include "gui/window/notice_bar.h"
#include "gui/window/screenshot.h"
#include "gui/window/template_dialog.h"
#include "gui/window/terminal.h"
#include "gui/window/tour.h"

namespace {

using namespace geomx::gui;

QString scenario_file(const QString& name) {
  return QString::fromUtf8(qgetenv("GEOMX_SOURCE")) + "/scenarios/" + name;
}

QByteArray content(const QString& path) {
  QFile file(path);
  EXPECT_TRUE(file.open(QIODevice::ReadOnly)) << path.toStdString();
  return file.readAll();
}

class Window : public testing::Test {
 protected:
  void SetUp() override {
    window.show();
    window.activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(&window));
  }
  void keys(Qt::Key key, Qt::KeyboardModifiers modifiers) {
    QTest::keyClick(&window.canvas(), key, modifiers);
    QApplication::processEvents();
  }

  QTemporaryDir folder;
  MainWindow window{folder.path()};
};

// In a folder and those below; other JSON there (tables of traces, positions) has no topology.
QStringList every_scenario(const QString& folder = scenario_file("")) {
  QStringList paths;
  QDirIterator files(folder, {"*.json"}, QDir::Files, QDirIterator::Subdirectories);
  while (files.hasNext()) {
    const QString path = files.next();
    if (QJsonDocument::fromJson(content(path)).object().contains("topology")) paths << path;
  }
  return paths;
}

TEST_F(Window, OpensEveryExampleAndSavesItUnchanged) {
  const QStringList paths = every_scenario();
  ASSERT_GT(paths.size(), 4);
  for (const QString& path : paths) {
    const QByteArray before = content(path);
    ASSERT_TRUE(window.files().open(path)) << path.toStdString();
    EXPECT_EQ(window.problems_panel().list()->topLevelItemCount(), 0) << path.toStdString();
    EXPECT_FALSE(window.canvas().canvas().tops().empty());
    EXPECT_TRUE(window.canvas().seen().contains(window.canvas().canvas().contents())) << "all of it is seen";
    ASSERT_TRUE(window.files().save_as(folder.filePath("copy.json")));
    EXPECT_EQ(content(folder.filePath("copy.json")), before) << path.toStdString();
  }
}

// Edited, saved, opened again, and taken back: what the editor has made of a file means what it showed, and what it did
// not touch is as it was.
TEST_F(Window, EveryExampleRoundTrips) {
  // With the files that they name.
  std::filesystem::copy(scenario_file("").toStdString(), folder.filePath("examples").toStdString(),
                        std::filesystem::copy_options::recursive);
  for (const QString& path : every_scenario(folder.filePath("examples"))) {
    const QByteArray before = content(path);
    const QString copy = QFileInfo(path).path() + "/copy.json";
    ASSERT_TRUE(window.files().open(path));
    const auto meaning = [this] { return QJsonDocument::fromJson(window.document().resolved()).object(); };
    QJsonObject wanted = meaning();
    ASSERT_FALSE(wanted.isEmpty()) << path.toStdString();
    ASSERT_FALSE(window.model().set_value("/seed", "4711"));
    wanted["seed"] = 4711;
    EXPECT_EQ(meaning(), wanted) << path.toStdString();
    const QString id = window.canvas().canvas().tops().front()->id();
    const QPointF place(1234, 567);
    window.canvas().canvas().positions().move({{id, place}});
    ASSERT_TRUE(window.files().save_as(copy));
    ASSERT_TRUE(window.files().create());
    ASSERT_TRUE(window.files().open(copy));
    EXPECT_EQ(meaning(), wanted) << path.toStdString();
    EXPECT_EQ(window.canvas().canvas().positions().of(id), place) << "positions come back, from beside it";
    ASSERT_TRUE(window.files().open(path));
    ASSERT_FALSE(window.model().set_value("/seed", "4711"));
    window.document().undo_stack().undo();
    EXPECT_EQ(window.document().text(), before) << path.toStdString();
    EXPECT_FALSE(window.isWindowModified());
  }
}

TEST_F(Window, MenusReachEverythingByKeyboard) {
  QSet<QAction*> found;
  const std::function<void(const QList<QAction*>&)> walk = [&](const QList<QAction*>& actions) {
    for (QAction* action : actions) {
      found << action;
      if (action->menu() == nullptr) continue;
      EXPECT_TRUE(action->text().contains('&')) << action->text().toStdString() << " has no mnemonic";
      walk(action->menu()->actions());
    }
  };
  walk(window.menuBar()->actions());
  for (QAction* action : window.actions().all()) {
    EXPECT_TRUE(found.contains(action)) << action->objectName().toStdString() << " is in no menu";
    EXPECT_GT(action->statusTip().size(), 8) << action->objectName().toStdString() << " explains nothing";
  }
  QMap<QString, QString> taken;
  for (QAction* action : window.actions().all()) {
    for (const QKeySequence& keys : action->shortcuts()) {
      const QString text = keys.toString();
      EXPECT_FALSE(taken.contains(text)) << text.toStdString() << ": " << taken.value(text).toStdString() << " and "
                                         << action->objectName().toStdString();
      taken.insert(text, action->objectName());
    }
  }
}

TEST_F(Window, KeysDrawSaveAndUndo) {
  window.canvas().setFocus();
  keys(Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
  window.canvas().setFocus();
  keys(Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
  ASSERT_EQ(window.model().datacenters().size(), 2U);
  keys(Qt::Key_A, Qt::ControlModifier);
  EXPECT_EQ(window.canvas().canvas().selected_ids().size(), 2);
  keys(Qt::Key_L, Qt::ControlModifier);
  ASSERT_EQ(window.model().links().size(), 1U);
  EXPECT_TRUE(window.isWindowModified());
  EXPECT_TRUE(window.actions().get("undo")->text().size() > 6) << "it names the step";
  keys(Qt::Key_Z, Qt::ControlModifier);
  EXPECT_TRUE(window.model().links().empty());
  keys(Qt::Key_Y, Qt::ControlModifier);
  EXPECT_EQ(window.model().links().size(), 1U);
  ASSERT_TRUE(window.files().save_as(folder.filePath("drawn.json")));
  EXPECT_FALSE(window.isWindowModified());
  EXPECT_TRUE(window.windowTitle().startsWith("drawn.json"));
  EXPECT_EQ(window.files().recent().value(0), folder.filePath("drawn.json"));
  keys(Qt::Key_A, Qt::ControlModifier);
  keys(Qt::Key_Delete, {});
  EXPECT_TRUE(window.model().ids().isEmpty());
  EXPECT_TRUE(window.isWindowModified());
}

TEST_F(Window, WhatWasNeverSavedCanBeRunFromTheBarAsFromTheMenu) {
  for (QToolButton* button : window.findChildren<QToolButton*>()) {
    if (button->text() == "&Run" || button->text() == "&Check") {
      EXPECT_TRUE(button->isEnabled()) << button->text().toStdString();
    }
  }
}

TEST_F(Window, GuardsWhatIsNotSaved) {
  window.model().add_datacenter("kept");
  int asked = 0;
  auto answer = FileController::Answer::cancel;
  window.files().set_asking([&] {
    ++asked;
    return answer;
  });
  EXPECT_FALSE(window.files().create());
  EXPECT_NE(window.model().datacenter("kept"), nullptr);
  EXPECT_FALSE(window.close());
  answer = FileController::Answer::discard;
  EXPECT_TRUE(window.files().create());
  EXPECT_EQ(window.model().datacenter("kept"), nullptr);
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(window.files().create()) << "nothing is unsaved now";
  EXPECT_EQ(asked, 3);
}

TEST_F(Window, ProblemsLeadToWhatTheyAreAbout) {
  QFile file(folder.filePath("wrong.json"));
  ASSERT_TRUE(file.open(QIODevice::WriteOnly));
  file.write(
      "{\n\"version\": 1, \"name\": \"wrong\",\n\"topology\": {\"datacenters\": [{\"name\": \"a\"}, {\"name\": "
      "\"b\"}],\n"
      "\"links\": [{\"name\": \"wan\", \"ends\": [\"a\", \"b\"], \"delay\": \"30 parsec\"}]}\n}\n");
  file.close();
  ASSERT_TRUE(window.files().open(folder.filePath("wrong.json"))) << "also with errors";
  QTreeWidget* list = window.problems_panel().list();
  ASSERT_EQ(list->topLevelItemCount(), 1);
  const QRect row = list->visualItemRect(list->topLevelItem(0));
  QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, row.center());
  EXPECT_EQ(window.canvas().canvas().selected_ids(), QStringList("link:wan"));

  window.document().replace_text("Break it", "{ \"version\": 1,\n  oops }");
  ASSERT_GE(list->topLevelItemCount(), 1);
  QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualItemRect(list->topLevelItem(0)).center());
  EXPECT_EQ(window.text_panel().editor()->textCursor().blockNumber(), 1) << "the line of the mistake";
  EXPECT_TRUE(window.text_panel().isVisible());
}

TEST_F(Window, TextIsAnEditLikeAnyOther) {
  window.files().open(scenario_file("three-dc.json"));
  QString text = window.text_panel().editor()->toPlainText();
  window.text_panel().editor()->setPlainText(text.replace("\"seed\": 7", "\"seed\": 8"));
  window.text_panel().take();
  EXPECT_TRUE(window.document().text().contains("\"seed\": 8"));
  window.document().undo_stack().undo();
  EXPECT_TRUE(window.text_panel().editor()->toPlainText().contains("\"seed\": 7"));
}

TEST_F(Window, NoticesAFileThatSomebodyElseChanges) {
  const QString path = folder.filePath("shared.json");
  ASSERT_TRUE(QFile::copy(scenario_file("three-dc.json"), path));
  ASSERT_TRUE(QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner));
  ASSERT_TRUE(window.files().open(path));
  QByteArray text = content(path);
  QFile file(path);
  ASSERT_TRUE(file.open(QIODevice::WriteOnly));
  file.write(text.replace("\"seed\": 7", "\"seed\": 9"));
  file.close();
  auto* notice = window.findChild<NoticeBar*>();
  ASSERT_TRUE(QTest::qWaitFor([&] { return !notice->text().isEmpty(); }, 10000));
  notice->findChild<QPushButton*>()->click();
  EXPECT_TRUE(window.document().text().contains("\"seed\": 9"));
  EXPECT_TRUE(notice->text().isEmpty());
}

TEST_F(Window, TemplatesMakeNetworks) {
  TemplateDialog dialog(&window);
  ASSERT_GT(dialog.list()->count(), 5);
  for (int row = 0; row < dialog.list()->count(); ++row) {
    dialog.list()->setCurrentRow(row);
    dialog.accept();
    EXPECT_EQ(dialog.result(), QDialog::Accepted) << dialog.list()->item(row)->text().toStdString();
    window.document().set_text(dialog.text());
    EXPECT_TRUE(window.document().problems().isEmpty()) << dialog.list()->item(row)->text().toStdString();
    dialog.setResult(QDialog::Rejected);
  }
}

TEST_F(Window, ExportsAndSaysWhereItCannot) {
  window.files().open(scenario_file("three-dc.json"));
  for (const char* name : {"t.png", "t.svg", "t.mmd", "t.dot"}) {
    EXPECT_TRUE(window.files().export_to(folder.filePath(name))) << name;
    EXPECT_GT(QFileInfo(folder.filePath(name)).size(), 100) << name;
  }
  EXPECT_FALSE(window.files().export_to(folder.filePath("t.doc")));
  EXPECT_FALSE(window.findChild<NoticeBar*>()->text().isEmpty());
}

TEST_F(Window, TheTourHasSixStepsAndEnds) {
  Tour* tour = window.start_tour();
  EXPECT_EQ(tour->steps(), 6);
  EXPECT_EQ(window.start_tour(), tour) << "one at a time";
  QSignalSpy ended(tour, &Tour::ended);
  for (int step = 0; step < 6; ++step) {
    EXPECT_EQ(tour->step(), step);
    const QFrame* card = tour->findChild<QFrame*>("card");
    EXPECT_TRUE(tour->rect().contains(card->geometry())) << "step " << step;
    QTest::keyClick(tour, Qt::Key_Return);
  }
  EXPECT_EQ(ended.count(), 1);
}

TEST_F(Window, EveryViewIsDrawnInBothThemes) {
  window.files().open(scenario_file("three-dc.json"));
  for (const bool dark : {false, true}) {
    window.set_look(dark, dark);
    window.show_view("editor");
    const QString path = folder.filePath("shot.png");
    write_screenshot(window, path);
    const QImage image(path);
    ASSERT_EQ(image.size(), window.size() * window.devicePixelRatioF());
    const QColor ground = image.pixelColor(window.canvas().mapTo(&window, QPoint(5, window.canvas().height() - 5)) *
                                           window.devicePixelRatioF());
    EXPECT_EQ(ground.lightness() < 128, dark);
  }
  window.set_look(false, false);
  EXPECT_FALSE(window.show_view("nothing of the kind"));
}

TEST_F(Window, PanesAreReachedByF6) {
  window.canvas().setFocus();
  QSet<QWidget*> seen;
  for (int i = 0; i < 8; ++i) {
    seen << QApplication::focusWidget();
    window.actions().get("next-pane")->trigger();
  }
  EXPECT_GT(seen.size(), 2);
  EXPECT_TRUE(seen.contains(&window.canvas()));
}

TEST(Terminals, TheUsersOwnComesFirst) {
  qputenv("TERMINAL", "sh");
  const QStringList command = terminal_command({"geomx-emu", "shell", "lab", "a-gateway"});
  qunsetenv("TERMINAL");
  ASSERT_EQ(command.size(), 6);
  EXPECT_TRUE(command[0].endsWith("/sh"));
  EXPECT_EQ(command[1], "-e");
  EXPECT_EQ(command[5], "a-gateway");
}

}  // namespace

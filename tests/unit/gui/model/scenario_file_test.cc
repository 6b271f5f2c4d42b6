#include "gui/model/scenario_file.h"

#include <sys/wait.h>
#include <unistd.h>

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QFileInfo>
#include <QTemporaryDir>
#include <chrono>

#include "emulator/base/error.h"
#include "tests/unit/gui/model/fixture.h"

namespace geomx::gui {
namespace {

using namespace std::chrono_literals;

template <class Condition>
bool comes_true(const Condition& condition) {
  const QDeadlineTimer deadline(10s);
  while (!condition() && !deadline.hasExpired()) QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents, 50);
  return condition();
}

class ScenarioFileTest : public testing::Test {
 protected:
  QString at(const char* name) const { return folder_.filePath(QLatin1String(name)); }

  QTemporaryDir folder_;
  Desk desk_;
  Positions positions_{desk_.model};
  ScenarioFile file_{desk_.document, positions_, folder_.path()};
};

TEST_F(ScenarioFileTest, EveryExampleIsSavedByteForByte) {
  for (const QString& path : example_paths()) {
    file_.open(path);
    EXPECT_FALSE(file_.is_modified()) << path.toStdString();
    EXPECT_TRUE(desk_.document.problems().isEmpty()) << desk_.problems().join('\n').toStdString();
    file_.save_as(at("copy.json"));
    EXPECT_EQ(read_bytes(at("copy.json")), read_bytes(path));
    file_.save();
    EXPECT_EQ(read_bytes(at("copy.json")), read_bytes(path));
  }
}

TEST_F(ScenarioFileTest, SavingUnchangedPutsNothingBesideIt) {
  write_bytes(at("x.json"), example("three-dc.json"));
  file_.open(at("x.json"));
  file_.save();
  EXPECT_FALSE(QFileInfo::exists(at("x.layout.json")));
  positions_.move({{"a", {1, 2}}});
  EXPECT_TRUE(file_.is_modified());
  file_.save();
  EXPECT_FALSE(file_.is_modified());
  EXPECT_EQ(read_bytes(at("x.json")), example("three-dc.json"));

  file_.create(ScenarioFile::empty_scenario());
  file_.open(at("x.json"));
  EXPECT_EQ(positions_.of("a"), QPointF(1, 2));
}

TEST_F(ScenarioFileTest, KnowsWhatIsUnsaved) {
  std::vector<bool> told;
  QObject::connect(&file_, &ScenarioFile::modified_changed, [&](bool modified) { told.push_back(modified); });
  file_.create(ScenarioFile::empty_scenario());
  EXPECT_EQ(file_.title(), "untitled.json");
  EXPECT_FALSE(file_.is_modified());
  desk_.model.add_datacenter();
  EXPECT_TRUE(file_.is_modified());
  desk_.document.undo_stack().undo();
  EXPECT_FALSE(file_.is_modified());
  desk_.document.undo_stack().redo();
  file_.save_as(at("new.json"));
  EXPECT_EQ(file_.title(), "new.json");
  EXPECT_EQ(told, std::vector<bool>({true, false, true, false}));
  EXPECT_TRUE(QFileInfo::exists(at("new.layout.json")));
}

TEST_F(ScenarioFileTest, FailuresSayWhatAndChangeNothing) {
  file_.create(ScenarioFile::empty_scenario());
  desk_.model.add_datacenter("mine");
  const QByteArray text = desk_.document.text();
  EXPECT_THROW(file_.open(at("missing.json")), InputError);
  EXPECT_THROW(file_.save_as(at("no/such/folder.json")), WorkError);
  EXPECT_EQ(desk_.document.text(), text);
  EXPECT_TRUE(file_.is_modified());
  EXPECT_EQ(file_.path(), "");
}

TEST_F(ScenarioFileTest, ABrokenFileOpens) {
  write_bytes(at("broken.json"), "{\"version\": 1,");
  file_.open(at("broken.json"));
  EXPECT_EQ(desk_.document.problems().size(), 1);
  EXPECT_FALSE(file_.is_modified());
}

TEST_F(ScenarioFileTest, AChangeOnDiskIsNoticedOnce) {
  write_bytes(at("x.json"), example("three-dc.json"));
  file_.open(at("x.json"));
  int changes = 0;
  int losses = 0;
  QObject::connect(&file_, &ScenarioFile::changed_on_disk, [&](bool gone) { ++(gone ? losses : changes); });

  desk_.model.set_value("/seed", "8");
  file_.save();
  write_bytes(at("y.json"), "something else in the folder");
  QByteArray theirs = example("three-dc.json");
  theirs.replace("100Mbit", "50Mbit");
  ASSERT_TRUE(QFile::remove(at("x.json")) && QFile::rename(at("y.json"), at("z.json")));
  write_bytes(at("x.json"), theirs);
  ASSERT_TRUE(comes_true([&] { return changes == 1; }));
  desk_.model.set_value("/seed", "9");
  EXPECT_THROW(file_.save(), WorkError) << "what somebody else has written is not overwritten unasked";

  file_.reload();
  EXPECT_EQ(desk_.document.text(), theirs);
  EXPECT_FALSE(file_.is_modified());
  desk_.document.undo_stack().undo();
  EXPECT_EQ(desk_.document.typed("/seed"), "9") << "a reload can be undone";

  write_bytes(at("x.json"), "{}");
  ASSERT_TRUE(comes_true([&] { return changes == 2; }));
  file_.keep_mine();
  file_.save();
  EXPECT_EQ(read_bytes(at("x.json")), desk_.document.text());

  ASSERT_TRUE(QFile::remove(at("x.json")));
  ASSERT_TRUE(comes_true([&] { return losses == 1; }));
  EXPECT_TRUE(file_.is_modified());
  file_.save();
  EXPECT_FALSE(file_.is_modified());
  EXPECT_EQ(changes, 2);
}

// A process that edits and dies without a word leaves a copy; one that lives, or has saved, leaves none.
TEST_F(ScenarioFileTest, UnsavedChangesSurviveACrash) {
  write_bytes(at("x.json"), example("three-dc.json"));
  file_.open(at("x.json"));
  desk_.model.add_datacenter("precious");
  const QByteArray precious = desk_.document.text();
  const QDir copies(at("recovery"));
  ASSERT_TRUE(comes_true([&] { return !copies.entryList({"*.copy"}, QDir::Files).isEmpty(); }));
  EXPECT_TRUE(left_behind(folder_.path()).isEmpty()) << "this program is alive";

  const pid_t crashing = ::fork();
  ASSERT_GE(crashing, 0);
  if (crashing == 0) {
    RecoveryCopy copy(folder_.path());
    ::_exit(copy.write(precious, at("x.json")) ? 0 : 1);  // without the destructor, as in a crash
  }
  int status = 0;
  ASSERT_EQ(::waitpid(crashing, &status, 0), crashing);
  ASSERT_EQ(status, 0);
  const QList<Recovered> left = left_behind(folder_.path());
  ASSERT_EQ(left.size(), 1);
  EXPECT_EQ(left[0].path, at("x.json"));
  EXPECT_EQ(left[0].text, precious);

  file_.recover(left[0]);
  EXPECT_EQ(desk_.document.text(), precious);
  EXPECT_TRUE(file_.is_modified());
  EXPECT_TRUE(left_behind(folder_.path()).isEmpty()) << "it is in hand again";
  desk_.document.undo_stack().undo();
  EXPECT_EQ(desk_.document.text(), example("three-dc.json"));
  desk_.document.undo_stack().redo();
  file_.save();
  EXPECT_TRUE(copies.entryList({"*.copy"}, QDir::Files).isEmpty());
}

TEST_F(ScenarioFileTest, RecentFilesAreThoseThatAreThere) {
  RecentFiles recent(folder_.path());
  EXPECT_TRUE(recent.paths().isEmpty());
  for (int i = 0; i < 12; ++i) {
    const QString path = folder_.filePath(QStringLiteral("%1.json").arg(i));
    write_bytes(path, "{}");
    recent.add(path);
  }
  recent.add(at("5.json"));
  ASSERT_EQ(recent.paths().size(), 10);
  EXPECT_EQ(recent.paths()[0], at("5.json"));
  EXPECT_EQ(recent.paths()[1], at("11.json"));
  ASSERT_TRUE(QFile::remove(at("11.json")));
  EXPECT_EQ(recent.paths()[1], at("10.json"));
  recent.clear();
  EXPECT_TRUE(recent.paths().isEmpty());
}

}  // namespace
}  // namespace geomx::gui

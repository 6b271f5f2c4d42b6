#include "gui/client/run_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QDir>
#include <QTemporaryDir>
#include <fstream>

#include "emulator/run/database.h"

namespace geomx::gui {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class RunFilesTest : public ::testing::Test {
 protected:
  std::string path(const char* name) const { return folder_.filePath(QString::fromUtf8(name)).toStdString(); }
  void append(const char* name, const std::string& text) const { std::ofstream(path(name), std::ios::app) << text; }
  void make_logs() const { ASSERT_TRUE(QDir(folder_.path()).mkdir(QStringLiteral("logs"))); }

  QTemporaryDir folder_;
  RunFiles files_{folder_.path()};
};

TEST_F(RunFilesTest, WaitsForWhatIsNotThereYet) {
  EXPECT_FALSE(files_.facts());
  EXPECT_THAT(files_.rows().rows.steps, IsEmpty());
  EXPECT_THAT(files_.logs(), IsEmpty());
}

TEST_F(RunFilesTest, FactsComeWhereTheyHaveChanged) {
  append("run.json", R"({"scenario": "x", "start": {"seconds_since_epoch": 12.5}, "end": null, "status": null})");
  const auto begun = files_.facts();
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->scenario.toStdString(), "x");
  EXPECT_DOUBLE_EQ(begun->start, 12.5);
  EXPECT_FALSE(begun->ended);
  EXPECT_FALSE(files_.facts());
  std::ofstream(path("run.json")) << R"({"scenario": "x", "start": {}, "end": {"utc": "now"}, "status": "failed"})";
  const auto ended = files_.facts();
  ASSERT_TRUE(ended);
  EXPECT_TRUE(ended->ended);
  EXPECT_EQ(ended->status.toStdString(), "failed");
}

TEST_F(RunFilesTest, TheSummaryComesOnceItIsThere) {
  append("summary.json", "{}");
  EXPECT_FALSE(files_.summary()) << "it may be an earlier run's, as long as this one goes on";
  ASSERT_TRUE(QFile::remove(folder_.filePath("summary.json")));
  append("run.json", R"({"scenario": "x", "start": {}, "end": {"utc": "now"}, "status": "ok"})");
  ASSERT_TRUE(files_.facts());
  EXPECT_FALSE(files_.summary()) << "it is written last";
  append("summary.json", R"({"status": "ok"})");
  EXPECT_EQ(files_.summary(), QByteArray(R"({"status": "ok"})"));
  EXPECT_FALSE(files_.summary()) << "once";
}

TEST_F(RunFilesTest, LogsComeInWholeLines) {
  make_logs();
  append("logs/a.log", "one\ntw");
  QVector<LogChunk> chunks = files_.logs();
  ASSERT_THAT(chunks, SizeIs(1));
  EXPECT_EQ(chunks[0].name.toStdString(), "a");
  EXPECT_EQ(chunks[0].text.toStdString(), "one\n");
  EXPECT_THAT(files_.logs(), IsEmpty());
  append("logs/a.log", "o\nthree\n");
  append("logs/b.log", "other\n");
  chunks = files_.logs();
  ASSERT_THAT(chunks, SizeIs(2));
  EXPECT_EQ(chunks[0].text.toStdString(), "two\nthree\n");
  EXPECT_EQ(chunks[1].name.toStdString(), "b");
}

TEST_F(RunFilesTest, OfALongLogComesItsEnd) {
  make_logs();
  std::string lines;
  for (int i = 0; i < 100'000; ++i) lines += "line " + std::to_string(i) + "\n";
  append("logs/a.log", lines);
  const QVector<LogChunk> chunks = files_.logs();
  ASSERT_THAT(chunks, SizeIs(1));
  EXPECT_TRUE(chunks[0].skipped);
  EXPECT_TRUE(chunks[0].text.startsWith("line "));
  EXPECT_TRUE(chunks[0].text.endsWith("line 99999\n"));
  EXPECT_LT(chunks[0].text.size(), 300'000);
  EXPECT_THAT(files_.logs(), IsEmpty());
}

TEST_F(RunFilesTest, RowsComeOnce) {
  run::Database database(path("run.sqlite"), {}, {});
  database.add_step(1, "w", {1, 0, 0.5, 32, 2, 3, 0});
  database.flush();
  EXPECT_THAT(files_.rows().rows.steps, SizeIs(1));
  EXPECT_THAT(files_.rows().rows.steps, IsEmpty());
  database.add_event(2, "set", "wan-a", "rate=1Mbit");
  database.flush();
  EXPECT_THAT(files_.rows().rows.events, SizeIs(1));
}

}  // namespace
}  // namespace geomx::gui

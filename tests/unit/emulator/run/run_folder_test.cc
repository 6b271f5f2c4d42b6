#include "emulator/run/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "emulator/base/error.h"

namespace geomx::run {
namespace {

namespace fs = std::filesystem;

class RunFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "geomx-run-folder-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    before_ = fs::current_path();
    fs::current_path(base_);
  }
  void TearDown() override {
    fs::current_path(before_);
    fs::remove_all(base_);
  }
  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string read(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  fs::path base_;
  fs::path before_;
};

TEST_F(RunFolderTest, DefaultNamesAreUnique) {
  const RunFolder first = RunFolder::create("demo", std::nullopt);
  const RunFolder second = RunFolder::create("demo", std::nullopt);
  EXPECT_NE(first.path(), second.path());
  EXPECT_EQ(first.path().parent_path(), base_ / "runs");
  EXPECT_THAT(first.path().filename().string(), testing::MatchesRegex("demo-[0-9]{8}-[0-9]{6}(-[0-9]+)?"));
  EXPECT_TRUE(fs::is_directory(second.path() / "logs"));
}

TEST_F(RunFolderTest, RefusesAFolderOfSomethingElse) {
  fs::create_directory("mine");
  write("mine/thesis.tex", "years of work");
  EXPECT_THROW(RunFolder::create("demo", "mine"), InputError);
  EXPECT_EQ(read("mine/thesis.tex"), "years of work");
  write("mine/run.json", "{}");  // not even where a run has been there
  EXPECT_THROW(RunFolder::create("demo", "mine"), InputError);
  EXPECT_EQ(read("mine/thesis.tex"), "years of work");
  write("file", "");
  EXPECT_THROW(RunFolder::create("demo", "file"), InputError);
}

TEST_F(RunFolderTest, ClearsAnEarlierRun) {
  {
    const RunFolder folder = RunFolder::create("demo", "out");
    folder.write("run.json", "{}");
    folder.write("summary.json", "old");
    write(folder.log("a-worker-0"), "old");
  }
  const RunFolder folder = RunFolder::create("demo", "out");
  EXPECT_FALSE(fs::exists(folder.path() / "summary.json"));
  EXPECT_FALSE(fs::exists(folder.log("a-worker-0")));
  EXPECT_TRUE(fs::is_directory(folder.path() / "logs"));
}

TEST_F(RunFolderTest, TakesAnEmptyFolderAndMakesParents) {
  fs::create_directory("empty");
  EXPECT_EQ(RunFolder::create("demo", "empty").path(), base_ / "empty");
  EXPECT_TRUE(fs::is_directory(RunFolder::create("demo", "a/b/c").path() / "logs"));
}

TEST_F(RunFolderTest, ReplacesFilesAsAWhole) {
  const RunFolder folder = RunFolder::create("demo", "out");
  folder.write("summary.json", std::string(100'000, 'x'));
  folder.write("summary.json", "short");
  EXPECT_EQ(read(folder.path() / "summary.json"), "short");
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) names.push_back(entry.path().filename());
  EXPECT_THAT(names, testing::UnorderedElementsAre("logs", "summary.json"));
}

TEST_F(RunFolderTest, LogsAreAppendedTo) {
  const RunFolder folder = RunFolder::create("demo", "out");
  for (const char* text : {"one\n", "two\n"}) {
    const FileDescriptor log = folder.open_log("a");
    ASSERT_EQ(::write(log.get(), text, 4), 4);
  }
  EXPECT_EQ(read(folder.log("a")), "one\ntwo\n");
}

TEST_F(RunFolderTest, ErrorLineOfALog) {
  EXPECT_EQ(last_error_line("missing"), "");
  write("log", "starting\n\nlast words\n\n");
  EXPECT_EQ(last_error_line("log"), "last words");
  write("log", "fine\nError: no data at /x\nleaving\n");
  EXPECT_EQ(last_error_line("log"), "Error: no data at /x");
  write("log", "fine\ngeomx-node: DMLC_NUM_WORKER is 0\nleaving");
  EXPECT_EQ(last_error_line("log"), "geomx-node: DMLC_NUM_WORKER is 0");
  write("log", "error at the very start\n" + std::string(100'000, 'x') + "\nlast\n");
  EXPECT_EQ(last_error_line("log"), "last");
}

TEST_F(RunFolderTest, SaysWhereItCannotWrite) {
  write("file", "");
  try {
    RunFolder::create("demo", "file/below");
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_THAT(error.line(), testing::HasSubstr("file/below"));
    EXPECT_THAT(error.line(), testing::HasSubstr("--out"));
  }
}

}  // namespace
}  // namespace geomx::run

#include "emulator/run/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
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
  EXPECT_TRUE(fs::is_directory(second.path()));
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
    folder.open_log("a-worker-0");
  }
  const RunFolder folder = RunFolder::create("demo", "out");
  EXPECT_FALSE(fs::exists(folder.path() / "summary.json"));
  EXPECT_FALSE(fs::exists(folder.log("a-worker-0")));
}

// What kill -9 leaves at one moment or another.
TEST_F(RunFolderTest, ClearsARunThatWasKilled) {
  fs::create_directory("out");
  write("out/.run.json.new", "{");  // the very first write
  EXPECT_NO_THROW(RunFolder::create("demo", "out"));
  write("out/run.json", "{}");
  for (const char* name : {".summary.json.new", ".scenario.json.new", ".run.json.new", "run.sqlite-journal",
                           "run.sqlite-wal", ".reserve"}) {
    write(std::string("out/") + name, "half");
  }
  EXPECT_NO_THROW(RunFolder::create("demo", "out"));
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator("out")) left.push_back(entry.path().filename());
  EXPECT_THAT(left, testing::ElementsAre("run.json"));
}

TEST_F(RunFolderTest, SaysWhatItCannotClear) {
  fs::create_directories("out/summary.json");
  write("out/run.json", "{}");
  // A mount point is not removed, whoever asks: a child makes one, for itself alone.
  constexpr int kForbidden = 77;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ::_exit(kForbidden);
    if (::mount("out/summary.json", "out/summary.json", nullptr, MS_BIND, nullptr) != 0) ::_exit(kForbidden);
    try {
      RunFolder::create("demo", "out");
    } catch (const SystemError& error) {
      write("said", error.line());
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == kForbidden) GTEST_SKIP() << "this machine forbids mounts in user namespaces";
  EXPECT_EQ(status, 0);
  EXPECT_THAT(read("said"), testing::HasSubstr("out/summary.json: remove what an earlier run left: "));
  EXPECT_THAT(read("said"), testing::HasSubstr("--out"));
}

TEST_F(RunFolderTest, ReservesSpaceAndGivesItBack) {
  const RunFolder folder = RunFolder::create("demo", "out");
  folder.reserve_space(100'000);
  EXPECT_EQ(fs::file_size("out/.reserve"), 100'000u);
  folder.release_space();
  EXPECT_TRUE(fs::is_empty("out"));
  EXPECT_THROW(folder.reserve_space(std::size_t{1} << 60), SystemError);
}

TEST_F(RunFolderTest, TakesAnEmptyFolderAndMakesParents) {
  fs::create_directory("empty");
  EXPECT_EQ(RunFolder::create("demo", "empty").path(), base_ / "empty");
  EXPECT_TRUE(fs::is_directory(RunFolder::create("demo", "a/b/c").path()));
}

TEST_F(RunFolderTest, ReplacesFilesAsAWhole) {
  const RunFolder folder = RunFolder::create("demo", "out");
  folder.write("summary.json", std::string(100'000, 'x'));
  folder.write("summary.json", "short");
  EXPECT_EQ(read(folder.path() / "summary.json"), "short");
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) names.push_back(entry.path().filename());
  EXPECT_THAT(names, testing::ElementsAre("summary.json"));
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

#include "emulator/control/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "emulator/base/error.h"

namespace geomx::control {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Runtime : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/geomx-runtime-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    scratch_ = pattern;
    // Longer than a socket's path may be.
    chosen_ = scratch_ / std::string(120, 'r');
    root_ = chosen_ / "geomx-emu";
    ::setenv("GEOMX_EMU_RUNTIME_DIR", chosen_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("GEOMX_EMU_RUNTIME_DIR");
    std::filesystem::remove_all(scratch_);
  }
  // As init does.
  static void listen(const RuntimeFolder& folder) { check(::listen(folder.listener(), 8), "listen"); }

  std::filesystem::path scratch_;
  std::filesystem::path chosen_;
  std::filesystem::path root_;
};

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  check(::stat(path.c_str(), &status), "look at", path);
  return status.st_mode & 07777;
}

TEST_F(Runtime, AClaimedFolderIsListedReachableAndPrivate) {
  RuntimeFolder folder = RuntimeFolder::claim("lab-1");
  listen(folder);
  folder.describe({"lab-1", 0, 9, 8, false, 1700000000, "/runs/one"});
  const std::vector<LabEntry> labs = running_labs();
  ASSERT_THAT(labs, SizeIs(1));
  EXPECT_EQ(labs[0].name, "lab-1");
  EXPECT_EQ(labs[0].pid, ::getpid());  // who listens
  EXPECT_EQ(labs[0].nodes, 9u);
  EXPECT_FALSE(labs[0].attached);
  EXPECT_EQ(labs[0].run_folder, "/runs/one");
  EXPECT_TRUE(connect_to("lab-1", folder_of("lab-1")));
  EXPECT_EQ(mode_of(root_), 0700u);
  EXPECT_EQ(mode_of(root_ / "lab-1"), 0700u);
}

TEST_F(Runtime, ALabThatOnlyStartsIsListedAndSaysSo) {
  const RuntimeFolder folder = RuntimeFolder::claim("lab-1");
  ASSERT_THAT(running_labs(), SizeIs(1));
  EXPECT_EQ(running_labs()[0].pid, 0);
  try {
    connect_to("lab-1", folder_of("lab-1"));
    FAIL() << "connected to a socket on which nobody listens";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.line(), HasSubstr("starts or ends at this moment"));
  }
}

TEST_F(Runtime, WhatIsNoLabsIsLeftAsItIs) {
  // As with GEOMX_EMU_RUNTIME_DIR=$HOME, and a clone of this project in there.
  for (const char* name : {"empty", "geomx-emu/empty"}) std::filesystem::create_directories(chosen_ / name);
  std::filesystem::create_directories(root_ / "other");
  std::ofstream(root_ / "other" / "lock") << "mine";
  std::filesystem::permissions(chosen_, std::filesystem::perms(0755));
  std::filesystem::permissions(root_, std::filesystem::perms(0755));
  EXPECT_THAT(running_labs(), IsEmpty());
  EXPECT_THROW(RuntimeFolder::claim("other"), InputError);
  { const RuntimeFolder folder = RuntimeFolder::claim("lab-1"); }
  EXPECT_EQ(mode_of(chosen_), 0755u);
  EXPECT_EQ(mode_of(root_), 0755u);
  for (const char* name : {"empty", "geomx-emu/empty", "geomx-emu/other/lock"}) {
    EXPECT_TRUE(std::filesystem::exists(chosen_ / name)) << name;
  }
}

TEST_F(Runtime, AFolderThatOthersMayWriteToIsRefused) {
  std::filesystem::create_directories(root_);
  std::filesystem::permissions(root_, std::filesystem::perms(0777));
  EXPECT_THROW(running_labs(), WorkError);
}

TEST_F(Runtime, ANameIsClaimedOnce) {
  const RuntimeFolder folder = RuntimeFolder::claim("lab-1");
  listen(folder);
  try {
    RuntimeFolder::claim("lab-1");
    FAIL() << "one name was claimed twice";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("running"));
  }
  EXPECT_NO_THROW(RuntimeFolder::claim("lab-2"));
}

TEST_F(Runtime, AFolderGoesWithItsOwner) {
  { const RuntimeFolder folder = RuntimeFolder::claim("lab-1"); }
  EXPECT_FALSE(std::filesystem::exists(root_ / "lab-1"));
}

TEST_F(Runtime, WhatAKilledLabLeftIsRemovedAndDoesNotBlock) {
  // Handed over to a lab that does not exist: as if it had been killed, nobody holds the lock.
  const auto leave = [] {
    RuntimeFolder folder = RuntimeFolder::claim("lab-1");
    folder.hand_over();
  };
  leave();
  ASSERT_TRUE(std::filesystem::exists(root_ / "lab-1"));
  EXPECT_THAT(running_labs(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(root_ / "lab-1"));
  leave();
  EXPECT_NO_THROW(RuntimeFolder::claim("lab-1"));
}

TEST_F(Runtime, AnUnknownLabIsAnInputErrorWithTheNearest) {
  const RuntimeFolder folder = RuntimeFolder::claim("three-dc");
  try {
    folder_of("tree-dc");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.hint(), HasSubstr("three-dc"));
  }
}

TEST_F(Runtime, NamesThatAreNoFileNamesAreRefused) {
  for (const char* name : {"", "..", "a/b", "-x", "a b"}) EXPECT_THROW(RuntimeFolder::claim(name), InputError) << name;
}

}  // namespace
}  // namespace geomx::control

#include "emulator/control/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

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
    root_ = scratch_ / std::string(120, 'r');
    ::setenv("GEOMX_EMU_RUNTIME_DIR", root_.c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("GEOMX_EMU_RUNTIME_DIR");
    std::filesystem::remove_all(scratch_);
  }
  std::filesystem::path scratch_;
  std::filesystem::path root_;
};

TEST_F(Runtime, AClaimedFolderIsListedReachableAndPrivate) {
  RuntimeFolder folder = RuntimeFolder::claim("lab-1");
  folder.describe({"lab-1", 42, 9, 8, false, 1700000000});
  const std::vector<LabEntry> labs = running_labs();
  ASSERT_THAT(labs, SizeIs(1));
  EXPECT_EQ(labs[0].name, "lab-1");
  EXPECT_EQ(labs[0].pid, 42);
  EXPECT_EQ(labs[0].nodes, 9u);
  EXPECT_FALSE(labs[0].attached);
  EXPECT_TRUE(connect_to("lab-1"));
  struct stat status {};
  ASSERT_EQ(::stat(root_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(Runtime, ANameIsClaimedOnce) {
  const RuntimeFolder folder = RuntimeFolder::claim("lab-1");
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
    connect_to("tree-dc");
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

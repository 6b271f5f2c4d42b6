#include "emulator/run/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/emulator/control/played_server.h"

namespace geomx::run {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ReadinessTest : public testing::Test {
 protected:
  ReadinessTest() : folder_(fs::path(testing::TempDir()) / ("ready-" + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
    client_.emplace(lab_.take_client_end(), lab_.path(), "lab");
  }
  ~ReadinessTest() override { fs::remove_all(folder_); }

  Readiness readiness(const scenario::Ready& wanted) const { return {wanted, "h1", folder_ / "server.log", folder_}; }
  void print(const std::string& text) const { std::ofstream(folder_ / "server.log", std::ios::app) << text; }

  fs::path folder_;
  control::SocketFolder lab_;              // that nobody serves
  std::optional<control::Client> client_;  // not asked here
};

TEST_F(ReadinessTest, TheTextMayComeInPieces) {
  scenario::Ready wanted;
  wanted.output = "listening on";
  Readiness ready = readiness(wanted);
  ready.begin();
  EXPECT_FALSE(ready.seen(*client_));  // there is no log yet
  EXPECT_EQ(ready.what_is_missing(), "it has not printed \"listening on\"");
  print(std::string(100'000, '.') + "listen");
  EXPECT_FALSE(ready.seen(*client_));
  print("ing ");
  EXPECT_FALSE(ready.seen(*client_));
  print("on 80\n");
  EXPECT_TRUE(ready.seen(*client_));
  EXPECT_TRUE(ready.seen(*client_));
}

TEST_F(ReadinessTest, WhatWasPrintedBeforeItsStartDoesNotCount) {
  scenario::Ready wanted;
  wanted.output = "up";
  print("up\n");
  Readiness ready = readiness(wanted);
  ready.begin();
  EXPECT_FALSE(ready.seen(*client_));
  print("up\n");
  EXPECT_TRUE(ready.seen(*client_));
  ready.begin();  // started again
  EXPECT_FALSE(ready.seen(*client_));
}

TEST_F(ReadinessTest, AFileFromAnEarlierRunDoesNotCount) {
  scenario::Ready wanted;
  wanted.file = "ready";
  Readiness ready = readiness(wanted);
  ready.begin();
  EXPECT_FALSE(ready.seen(*client_));
  EXPECT_THAT(ready.what_is_missing(), HasSubstr("/ready has not been made or written to"));
  std::ofstream(folder_ / "ready") << "1";
  EXPECT_TRUE(ready.seen(*client_));

  Readiness again = readiness(wanted);
  again.begin();
  EXPECT_FALSE(again.seen(*client_));
  std::ofstream(folder_ / "ready", std::ios::app) << "2";
  EXPECT_TRUE(again.seen(*client_));
}

}  // namespace
}  // namespace geomx::run

#include "emulator/cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "emulator/cli/capture.h"
#include "emulator/cli/exec.h"
#include "emulator/cli/run.h"
#include "emulator/cli/sweep.h"
#include "emulator/cli/watch.h"

namespace geomx::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Rest = Completion::Rest;

class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    add_run(app_, exit_code_);
    add_sweep(app_, exit_code_);
    add_exec(app_, exit_code_);
    add_watch(app_, exit_code_);
    add_capture(app_, exit_code_);
    add_completion(app_, exit_code_);
  }
  Completion complete(const std::vector<std::string>& words) const {
    return cli::complete(app_, words,
                         {[] {
                            return std::vector<std::string>{"play", "plenty"};
                          },
                          [](const std::string& lab) {
                            return std::vector<std::string>{lab + "-h2", lab + "-h1"};
                          },
                          [](const std::string& lab) { return std::vector<std::string>{lab + "-wan"}; }});
  }
  std::vector<std::string> candidates(const std::vector<std::string>& words) const {
    return complete(words).candidates;
  }

  CLI::App app_{"", "geomx-emu"};
  int exit_code_ = 0;
};

TEST_F(CompletionTest, SubcommandsComeFirst) {
  EXPECT_THAT(candidates({""}), ElementsAre("capture", "completion", "exec", "run", "sweep", "watch"));
  EXPECT_THAT(candidates({"c"}), ElementsAre("capture", "completion"));
  EXPECT_THAT(candidates({}), Contains("run"));
  EXPECT_THAT(candidates({"x"}), IsEmpty());
}

TEST_F(CompletionTest, NamesComeFromTheLabThatIsMeant) {
  EXPECT_THAT(candidates({"exec", "pl"}), ElementsAre("play", "plenty"));
  EXPECT_THAT(candidates({"exec", "play", ""}), ElementsAre("play-h1", "play-h2"));
  EXPECT_THAT(candidates({"capture", "plenty", ""}), ElementsAre("plenty-h1", "plenty-h2", "plenty-wan"));
  EXPECT_THAT(candidates({"capture", "--filter", "tcp", "play", "play-w"}), ElementsAre("play-wan"));
  EXPECT_THAT(candidates({"capture", "play", "play-wan", "--at", ""}), ElementsAre("play-h1", "play-h2"));
}

TEST_F(CompletionTest, OptionsAndTheirValues) {
  EXPECT_THAT(candidates({"watch", "--j"}), ElementsAre("--json"));
  EXPECT_THAT(candidates({"run", "x.json", "--shaper", ""}), ElementsAre("auto", "tc", "wire"));
  EXPECT_THAT(candidates({"run", "x.json", "--shaper", "w"}), ElementsAre("wire"));
  EXPECT_THAT(candidates({"run", "--shaper=w"}), ElementsAre("--shaper=wire"));
  EXPECT_THAT(candidates({"run", "--shaper", "=", "w"}), ElementsAre("wire")) << "as bash splits it";
  EXPECT_THAT(candidates({"run", "--shaper", "="}), ElementsAre("auto", "tc", "wire"));
  EXPECT_THAT(candidates({"watch", "--json", "pl"}), ElementsAre("play", "plenty")) << "a flag has no value";
  EXPECT_THAT(candidates({"completion", ""}), ElementsAre("bash", "zsh"));
  EXPECT_THAT(candidates({"sweep", "x.json", "--vary", "seed=1,2", "--o"}), ElementsAre("--order", "--out"));
  EXPECT_THAT(candidates({"sweep", "x.json", "--order", ""}), ElementsAre("grid", "random"));
}

TEST_F(CompletionTest, WhatTheShellKnowsIsLeftToIt) {
  EXPECT_EQ(complete({"run", ""}).rest, Rest::files);
  EXPECT_EQ(complete({"sweep", "--resume", "--out", ""}).rest, Rest::files);
  EXPECT_EQ(complete({"capture", "play", "play-wan", "-o", ""}).rest, Rest::files);
  EXPECT_EQ(complete({"exec", "play", "play-h1", "--", "pi"}).rest, Rest::commands);
  EXPECT_EQ(complete({"exec", "play", "play-h1", "--", "ping", "x"}).rest, Rest::files);
  EXPECT_EQ(complete({"watch", "p"}).rest, Rest::none);
  EXPECT_THAT(candidates({"exec", "play", "play-h1", "--", "--"}), IsEmpty()) << "options of the command, not ours";
}

}  // namespace
}  // namespace geomx::cli

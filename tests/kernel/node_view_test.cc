// What a node sees of the file system, and its limits, in real namespaces and cgroups.
#include "emulator/sandbox/node_view.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "emulator/base/error.h"
#include "emulator/sandbox/cgroup.h"
#include "emulator/sandbox/child_process.h"
#include "emulator/sandbox/lab_process.h"
#include "emulator/sandbox/privileges.h"

namespace geomx::sandbox {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr Nanoseconds kPatience = 20s;

// Runs it in a lab of its own; what it returns, or the error's line.
std::string inside(const std::function<std::string()>& work) {
  LabProcess lab = spawn_init({.name = "view-test"}, [&](StartReport& report) {
    install_hosts_file("127.0.0.1 localhost\n10.0.0.1 a\n");
    report.ready(work());
    return 0;
  });
  try {
    return lab.wait_ready(kPatience);
  } catch (const Error& error) {
    return error.line();
  }
}

// What a shell prints that sees `view`.
std::string seen(const NodeView& view, const std::string& command) {
  const Namespace mounts = create_view(view);
  Pipe output = make_pipe();
  ChildProcess shell = spawn({.argv = {"sh", "-c", command},
                              .environment = {"PATH=/usr/bin:/bin"},
                              .directory = "/",
                              .mount_fd = mounts.fd(),
                              .stdout_fd = output.write.get(),
                              .stderr_fd = output.write.get()});
  output.write.reset();
  std::string text;
  for (char buffer[4096];;) {
    const ssize_t size = ::read(output.read.get(), buffer, sizeof buffer);
    if (size <= 0) break;
    text.append(buffer, static_cast<std::size_t>(size));
  }
  shell.wait(kPatience);
  return text;
}

NodeFile text_file(const std::string& path, const std::string& text) {
  return {path, text, "", false};
}

class NodeViewTest : public testing::Test {
 protected:
  void SetUp() override {
    if (probe_privileges().mode == LabMode::impossible) GTEST_SKIP() << "SKIPPED: this machine makes no namespaces";
    std::string pattern = "/tmp/geomx-view-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::ofstream(folder_ / "there") << "of the machine";
  }
  void TearDown() override {
    std::error_code error;
    if (!folder_.empty()) fs::remove_all(folder_, error);
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  fs::path folder_;
};

TEST_F(NodeViewTest, CoversFilesAndAddsOthers) {
  const NodeView view{{}, "", {}, {text_file(at("there"), "covered "), text_file(at("new/deep"), "added")}};
  EXPECT_EQ(inside([&] { return seen(view, "cat " + at("there") + " " + at("new/deep")); }), "covered added");
  EXPECT_FALSE(fs::exists(at("new")));
}

TEST_F(NodeViewTest, WhatIsBesideANewFileIsTheMachines) {
  fs::create_directory(at("results"));
  const NodeView view{{}, "", {}, {text_file(at("new"), "x")}};
  EXPECT_EQ(inside([&] {
              return seen(view, "cd " + at("") + " && cat there && echo kept > results/out && echo lost > out && ls");
            }),
            "of the machinenew\nout\nresults\nthere\n");
  std::ifstream out(at("results/out"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(out), {}), "kept\n");
  EXPECT_FALSE(fs::exists(at("out")));
}

TEST_F(NodeViewTest, AddsToTheRoot) {
  const NodeView view{{}, "", {}, {text_file("/geomx-view-test/x", "at the top")}};
  EXPECT_EQ(inside([&] { return seen(view, "cat /geomx-view-test/x; ls -d /proc/self /.geomx-old"); }).substr(0, 10),
            "at the top");
  EXPECT_FALSE(fs::exists("/geomx-view-test"));
}

TEST_F(NodeViewTest, HasEmptyFoldersOfItsOwn) {
  fs::create_directory(at("full"));
  std::ofstream(at("full/x")) << "x";
  const NodeView view{{}, "", {at("full"), at("fresh/one")}, {text_file(at("full/y"), "y")}};
  EXPECT_EQ(inside([&] { return seen(view, "cd " + at("") + "; ls full fresh; echo > full/z"); }),
            "fresh:\none\n\nfull:\ny\n");
  EXPECT_FALSE(fs::exists(at("full/z")));
  EXPECT_FALSE(fs::exists(at("fresh")));
}

TEST_F(NodeViewTest, SaysWhichFileCannotBePlaced) {
  const NodeView over_folder{{}, "", {}, {text_file(folder_, "x")}};
  EXPECT_EQ(inside([&] { return seen(over_folder, "true"); }),
            folder_.string() + ": place it into a node: Is a directory");
  const NodeView missing{{}, "", {}, {{"/etc/x", std::nullopt, at("nothing"), false}}};
  EXPECT_EQ(inside([&] { return seen(missing, "true"); }),
            at("nothing") + ": place it into a node: No such file or directory");
}

TEST_F(NodeViewTest, FindsProgramsWhereTheyAreSeen) {
  const NodeView view{{}, "", {}, {{"/usr/bin/geomx-view-test", "#!/bin/sh\necho found\n", "", true}}};
  EXPECT_EQ(inside([&] { return seen(view, "geomx-view-test"); }), "found\n");
}

TEST(Cgroups, BelongToTheirMark) {
  const Limits limits{0.5, Bytes{std::uint64_t{64} << 20}};
  if (const auto obstacle = cgroup_obstacle(limits)) GTEST_SKIP() << "SKIPPED: " << obstacle->what;
  const std::string mine = "test-" + std::to_string(::getpid());
  const std::string other = mine + "-other";
  std::optional<Cgroup> first(std::in_place, mine, "n", limits);
  const Cgroup second(other, "n", limits);
  EXPECT_FALSE(first->entrances().empty());
  EXPECT_EQ(first->memory_kills(), 0u);
  ChildProcess inmate =
      spawn({.argv = {"sleep", "1000"}, .environment = {"PATH=/usr/bin:/bin"}, .cgroups = first->entrances()});
  std::ifstream file("/proc/" + std::to_string(inmate.pid()) + "/cgroup");
  EXPECT_NE(std::string(std::istreambuf_iterator<char>(file), {}).find("geomx-emu." + mine + ".n"), std::string::npos);
  first.reset();  // leaves what a process is in
  EXPECT_FALSE(remove_cgroups(mine, 10ms));
  inmate.signal(SIGKILL);
  EXPECT_TRUE(inmate.wait(kPatience));
  EXPECT_TRUE(remove_cgroups(mine, kPatience));
  ChildProcess late = spawn({.argv = {"true"}, .environment = {"PATH=/usr/bin:/bin"}, .cgroups = second.entrances()});
  EXPECT_EQ(late.wait(kPatience), ExitStatus{}) << "the other's has been removed too";
}

}  // namespace
}  // namespace geomx::sandbox

// What a node is beside its network: files, environment, start command, limits, an image as its root, routing daemons.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/e2e/lab_fixture.h"

namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr std::chrono::seconds kReaperPromise{2};

class Nodes : public Lab {
 protected:
  void write_scenario(const std::string& topology) const {
    std::ofstream(scratch_.path() / "play.json") << R"({"version": 1, "name": "play", "topology": )" << topology << "}";
  }
  nlohmann::json node(const std::string& name) const {
    const auto inspection = nlohmann::json::parse(emu({"inspect", "play", "--json"}).out, nullptr, false);
    for (const auto& each : inspection["nodes"]) {
      if (each["name"] == name) return each;
    }
    return {};
  }
  bool runs(const std::string& name, const std::string& what, const std::string& state) const {
    return node(name)["runs"][what]["state"] == state;
  }
};

std::string name_of(const testing::TestParamInfo<bool>& info) {
  return info.param ? "OrdinaryUser" : "Root";
}

INSTANTIATE_TEST_SUITE_P(As, Nodes, testing::Bool(), name_of);

TEST_P(Nodes, HaveTheirOwnFilesAndVariables) {
  const fs::path own = scratch_.path() / "own.txt";
  std::ofstream(own) << "of this machine";
  fs::create_directory(scratch_.path() / "folder");
  std::ofstream(scratch_.path() / "folder/inner.txt") << "inner";
  write_scenario(R"({
    "nodes": [{"name": "one", "env": {"GREETING": "hello", "PATH": "/usr/bin:/bin"}, "files": [
                {"path": "/etc/issue", "text": "covered"},
                {"path": "/etc/geomx-new/deep/app.conf", "text": "made"},
                {"path": "/geomx-top/run", "text": "#!/bin/sh\necho ran in $(hostname)\n", "executable": true},
                {"path": "/etc/geomx-copy", "from": "own.txt"},
                {"path": "/srv/geomx-folder", "from": "./folder"}]},
              {"name": "two"}],
    "links": [{"ends": ["one", "two"]}]})");
  const std::string issue = read_file("/etc/issue");
  bring_up();
  EXPECT_EQ(exec("one", {"sh", "-c", "echo $GREETING $PATH"}).out, "hello /usr/bin:/bin\n");
  EXPECT_EQ(exec("one", {"cat", "/etc/issue", "/etc/geomx-new/deep/app.conf", "/etc/geomx-copy"}).out,
            "coveredmadeof this machine");
  EXPECT_EQ(exec("one", {"/geomx-top/run"}).out, "ran in one\n");
  EXPECT_EQ(exec("one", {"cat", "/srv/geomx-folder/inner.txt"}).out, "inner");
  EXPECT_EQ(exec("one", {"ping", "-c", "1", "-W", "5", "two"}).status, 0) << "the lab's /etc/hosts is lost";
  // What it writes is its own; what it may only read stays.
  EXPECT_EQ(exec("one", {"sh", "-c", "echo changed > /etc/geomx-copy; cat /etc/geomx-copy"}).out, "changed\n");
  EXPECT_NE(exec("one", {"sh", "-c", "echo changed > /srv/geomx-folder/inner.txt"}).status, 0);
  EXPECT_EQ(read_file(own), "of this machine");
  EXPECT_EQ(read_file(scratch_.path() / "folder/inner.txt"), "inner");

  EXPECT_EQ(exec("two", {"cat", "/etc/issue"}).out, issue);
  for (const char* path : {"/etc/geomx-new", "/geomx-top", "/etc/geomx-copy", "/srv/geomx-folder"}) {
    EXPECT_NE(exec("two", {"ls", path}).status, 0) << path;
    EXPECT_FALSE(fs::exists(path)) << path;
  }
  EXPECT_NE(exec("two", {"sh", "-c", "test -n \"$GREETING\""}).status, 0);
}

TEST_P(Nodes, StartCommandsRunWithTheirNode) {
  write_scenario(R"({
    "nodes": [{"name": "server", "start": ["sh", "-c", "echo up; exec sleep 1000"]},
              {"name": "short", "env": {"CODE": "3"}, "start": ["sh", "-c", "echo once; exit $CODE"]}],
    "links": [{"ends": ["server", "short"]}]})");
  bring_up();
  EXPECT_TRUE(eventually(kPatience, [&] { return runs("short", "start", "exited with code 3"); })) << node("short");
  EXPECT_TRUE(runs("server", "start", "running")) << node("server");
  const std::string log = node("server")["runs"]["start"]["log"];
  EXPECT_TRUE(eventually(kPatience, [&] { return read_file(log) == "up\n"; })) << read_file(log);

  EXPECT_EQ(emu({"node", "play", "server", "kill"}).status, 0);
  EXPECT_TRUE(eventually(kPatience, [&] { return runs("server", "start", "killed by signal 9"); })) << node("server");
  EXPECT_EQ(emu({"node", "play", "server", "restart"}).status, 0);
  EXPECT_TRUE(runs("server", "start", "running")) << node("server");
  EXPECT_TRUE(eventually(kPatience, [&] { return read_file(log) == "up\nup\n"; })) << read_file(log);
}

TEST_P(Nodes, ThatCannotStartAreNoLab) {
  write_scenario(R"({"nodes": [{"name": "one", "start": ["no-such-program"]}]})");
  const Result up = emu({"up", "play.json", "--detach"});
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.err, HasSubstr("one: run \"no-such-program\": No such file or directory"));
  EXPECT_EQ(emu({"list", "--json"}).out, "[]\n");
}

TEST_P(Nodes, NeedsAreSaidBeforeAnythingIsMade) {
  write_scenario(
      R"({"nodes": [{"name": "one", "image": "./none", "files": [{"path": "/etc/x", "from": "nowhere"}]}]})");
  const Result checked = emu({"check", "play.json"});
  EXPECT_EQ(checked.status, 0);
  EXPECT_THAT(checked.out,
              HasSubstr("cannot run on this machine as it is: /topology/nodes/0/image: there is no folder"));
  EXPECT_THAT(checked.out, HasSubstr("/topology/nodes/0/files/0/from: \"" + (scratch_.path() / "nowhere").string()));
  const Result up = emu({"up", "play.json", "--detach"});
  EXPECT_EQ(up.status, 2);
  EXPECT_THAT(up.err, HasSubstr("/topology/nodes/0/image: there is no folder"));
}

TEST_P(Nodes, AddedToARunningLabHaveTheSame) {
  write_scenario(
      R"({"nodes": [{"name": "one"}, {"name": "two", "kind": "router"}], "links": [{"ends": ["one", "two"]}]})");
  bring_up();
  write_scenario(
      R"({"nodes": [{"name": "one"}, {"name": "two", "kind": "router"}, {"name": "three", "env": {"GREETING": "hi"},
                       "files": [{"path": "/etc/geomx-late", "text": "late"}], "start": ["sleep", "1000"]}],
                     "links": [{"ends": ["one", "two"]}, {"ends": ["two", "three"]}]})");
  const Result applied = emu({"apply", "play", "play.json"});
  ASSERT_EQ(applied.status, 0) << applied.err;
  EXPECT_EQ(exec("three", {"sh", "-c", "echo $GREETING $(cat /etc/geomx-late)"}).out, "hi late\n");
  EXPECT_TRUE(runs("three", "start", "running")) << node("three");
  EXPECT_EQ(exec("three", {"ping", "-c", "1", "-W", "5", "two"}).status, 0);

  write_scenario(R"({"nodes": [{"name": "one", "env": {"A": "b"}}, {"name": "two", "kind": "router"}],
                     "links": [{"ends": ["one", "two"]}]})");
  const Result refused = emu({"apply", "play", "play.json"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("'one' runs, and its image, cpu, memory, env, files and start stay as they are"));
}

// --- Limits

std::vector<fs::path> cgroups() {
  std::vector<fs::path> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator("/sys/fs/cgroup", error)) {
    if (entry.path().filename().string().starts_with("geomx-emu.")) found.push_back(entry.path());
  }
  return found;
}

class Limits : public Nodes {
 protected:
  void SetUp() override {
    Nodes::SetUp();
    if (IsSkipped()) return;
    const auto doctor = nlohmann::json::parse(emu({"doctor", "--json"}).out);
    for (const auto& finding : doctor["findings"]) {
      if (finding["what"] != "limits of cpu and memory" || finding["good"] == true) continue;
      GTEST_SKIP() << "SKIPPED: " << finding["found"];
    }
    write_scenario(R"({"nodes": [{"name": "slow", "cpu": 0.3}, {"name": "small", "memory": "32MiB"}],
                       "links": [{"ends": ["slow", "small"]}]})");
    before_ = cgroups();
  }

  // What other labs have is theirs.
  std::vector<fs::path> ours() const {
    std::vector<fs::path> found;
    for (const fs::path& each : cgroups()) {
      if (std::find(before_.begin(), before_.end(), each) == before_.end()) found.push_back(each);
    }
    return found;
  }

 private:
  std::vector<fs::path> before_;
};

INSTANTIATE_TEST_SUITE_P(As, Limits, testing::Values(false), name_of);

TEST_P(Limits, HoldABusyLoopToItsShare) {
  bring_up();
  const Result busy = exec("slow", {"bash", "-c", "timeout 2 bash -c 'while :; do :; done'; times"});
  int minutes = 0;
  double seconds = 0;
  // The shell's own times, then those of its children.
  const std::size_t children = busy.out.find('\n') + 1;
  ASSERT_EQ(std::sscanf(busy.out.c_str() + children, "%dm%lfs", &minutes, &seconds), 2) << busy.out;
  EXPECT_LT(seconds, 0.3 * 2 * 1.2);
  EXPECT_GT(seconds, 0.3 * 2 * 0.5) << "or this machine had not even that to give";
}

TEST_P(Limits, KillWhatWantsMoreMemory) {
  bring_up();
  const Result hog = exec("small", {"tail", "/dev/zero"});
  EXPECT_EQ(hog.status, 128 + SIGKILL);
  EXPECT_THAT(hog.err, HasSubstr("small: out of memory: the node's limit is 32MiB"));
  EXPECT_EQ(node("small")["memory"]["kills"], 1);
  // Others have what they want, and so has it what it may.
  EXPECT_EQ(exec("small", {"true"}).status, 0);
  EXPECT_EQ(exec("slow", {"sh", "-c", "head -c 60000000 /dev/zero | tail | wc -c"}).status, 0);
}

TEST_P(Limits, LeaveNothingWhenTheLabEnds) {
  bring_up();
  EXPECT_EQ(ours().size(), 2u);
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_THAT(ours(), IsEmpty());
  EXPECT_FALSE(fs::exists(lab_folder()));
}

TEST_P(Limits, LeaveNothingWhenTheLabIsKilled) {
  bring_up();
  Command holder(invocation({"exec", "play", "small", "--", "sleep", "1000"}));
  ASSERT_NE(reaper(), -1);
  ::kill(lab_pid(), SIGKILL);
  EXPECT_TRUE(eventually(kReaperPromise, [&] { return ours().empty(); }));
  EXPECT_TRUE(eventually(kReaperPromise, [&] { return !fs::exists(lab_folder()); }));
}

TEST_P(Limits, LeaveNothingAfterTheNextCommandWhenTheReaperIsKilledToo) {
  bring_up();
  const pid_t watcher = reaper();
  ASSERT_NE(watcher, -1);
  ::kill(watcher, SIGKILL);
  ASSERT_TRUE(eventually(kPatience, [&] { return reaper() == -1; }));
  ::kill(lab_pid(), SIGKILL);
  EXPECT_TRUE(eventually(kPatience, [&] { return emu({"list", "--json"}).out == "[]\n"; }));
  EXPECT_THAT(ours(), IsEmpty());
  // And a new one of the same name can be had at once.
  bring_up();
  EXPECT_EQ(ours().size(), 2u);
}

TEST_P(Nodes, LimitsNeedRoot) {
  if (!GetParam()) GTEST_SKIP() << "SKIPPED: root may have limits";
  write_scenario(R"({"nodes": [{"name": "slow", "cpu": 0.3}]})");
  const Result up = emu({"up", "play.json", "--detach"});
  EXPECT_EQ(up.status, 2);
  EXPECT_THAT(up.err, HasSubstr("/topology/nodes/0/cpu: limits of cpu and memory need root"));
}

// --- Images

class Images : public Nodes {
 protected:
  void SetUp() override {
    Nodes::SetUp();
    if (IsSkipped()) return;
    if (!fs::exists(busybox_)) GTEST_SKIP() << "SKIPPED: no " << busybox_ << " (apt-get install busybox-static)";
    for (const char* folder : {"bin", "etc"}) fs::create_directories(root() / folder);
    fs::copy_file(busybox_, root() / "bin/busybox");
    for (const char* program : {"sh", "ls", "cat", "hostname", "ping", "sleep", "pwd", "tail"}) {
      fs::create_symlink("busybox", root() / "bin" / program);
    }
    std::ofstream(root() / "etc/release") << "tiny\n";
    fs::permissions(root() / "etc/release", fs::perms(0644));
    // Who has the folder may write in the node.
    constexpr uid_t kNobody = 65534;
    for (const char* path : {"", "bin", "etc", "etc/release"}) {
      const uid_t owner = GetParam() ? kNobody : ::geteuid();
      const gid_t group = GetParam() ? kNobody : ::getegid();
      ASSERT_EQ(::chown((root() / path).c_str(), owner, group), 0);
    }
  }
  fs::path root() const { return scratch_.path() / "root"; }

  void expect_image_in(const std::string& name) const {
    EXPECT_EQ(exec(name, {"sh", "-c", "cat /etc/release; hostname; ls /usr"}).out, "tiny\n" + name + "\n");
    EXPECT_EQ(exec(name, {"ping", "-c", "1", "-W", "5", "plain"}).status, 0);
    EXPECT_EQ(exec("plain", {"ping", "-c", "1", "-W", "5", name}).status, 0);
    EXPECT_EQ(exec(name, {"sh", "-c", "echo $$ > /etc/written; cat /proc/self/status > /dev/null"}).status, 0);
    EXPECT_NE(exec(name, {"python3"}).status, 0);
    EXPECT_TRUE(runs(name, "start", "running")) << node(name);
  }

 private:
  fs::path busybox_ = "/usr/bin/busybox";
};

INSTANTIATE_TEST_SUITE_P(As, Images, testing::Bool(), name_of);

TEST_P(Images, AFolderIsANodesRoot) {
  write_scenario(R"({
    "nodes": [{"name": "tiny", "image": "./root", "start": ["sleep", "1000"],
               "files": [{"path": "/new/place", "text": "placed"}]},
              {"name": "plain"}],
    "links": [{"ends": ["tiny", "plain"]}]})");
  bring_up();
  expect_image_in("tiny");
  EXPECT_EQ(exec("tiny", {"sh", "-c", "cat /new/place; pwd"}).out, "placed/\n");
  EXPECT_FALSE(fs::exists(root() / "etc/written"));
  EXPECT_FALSE(fs::exists(root() / "new"));
  EXPECT_FALSE(fs::exists(root() / "proc"));
}

TEST_P(Images, OfPodmanIsANodesRoot) {
  if (GetParam()) GTEST_SKIP() << "SKIPPED: the image of this test is in root's store";
  const std::string name = "localhost/geomx-test-" + std::to_string(::getpid());
  const std::string import = "command -v podman >/dev/null || exit 77; tar -C " + root().string() +
                             " -c . | podman import --change 'ENV GREETING=hello' --change 'WORKDIR /srv/app' - " +
                             name;
  Command made({{"sh", "-c", import}, scratch_.path()});
  const auto status = made.wait(kPatience);
  if (status == 77) GTEST_SKIP() << "SKIPPED: no podman (apt-get install podman)";
  ASSERT_EQ(status, 0) << made.err();
  write_scenario(R"({
    "nodes": [{"name": "tiny", "image": ")" +
                 name + R"(", "start": ["sleep", "1000"], "env": {"OTHER": "bye"}},
              {"name": "plain"}],
    "links": [{"ends": ["tiny", "plain"]}]})");
  bring_up();
  expect_image_in("tiny");
  EXPECT_EQ(exec("tiny", {"sh", "-c", "echo $GREETING $OTHER; pwd"}).out, "hello bye\n/srv/app\n");
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  Command containers({{"podman", "ps", "--all", "--quiet"}, scratch_.path()});
  EXPECT_EQ(containers.wait(kPatience), 0);
  EXPECT_EQ(containers.out(), "");
  Command removed({{"podman", "rmi", name}, scratch_.path()});
  EXPECT_EQ(removed.wait(kPatience), 0) << removed.err();

  const Result gone = emu({"up", "play.json", "--detach"});
  EXPECT_EQ(gone.status, 2);
  EXPECT_THAT(gone.err, HasSubstr("/topology/nodes/0/image: podman has no such image"));
}

// --- Routing

class Routing : public Nodes {
 protected:
  void SetUp() override {
    Nodes::SetUp();
    if (!fs::exists("/usr/lib/frr/zebra")) GTEST_SKIP() << "SKIPPED: no FRRouting (apt-get install frr)";
  }
  static std::string ring(const std::string& routing) {
    return R"({"routing": ")" + routing + R"(",
      "nodes": [{"name": "r1", "kind": "router"}, {"name": "r2", "kind": "router"}, {"name": "r3", "kind": "router"},
                {"name": "r4", "kind": "router"}, {"name": "a"}, {"name": "b"}],
      "links": [{"name": "a", "ends": ["a", "r1"]}, {"name": "b", "ends": ["b", "r3"]},
                {"name": "r12", "ends": ["r1", "r2"], "delay": "1ms"}, {"name": "r23", "ends": ["r2", "r3"], "delay": "1ms"},
                {"name": "r34", "ends": ["r3", "r4"], "delay": "5ms"}, {"name": "r41", "ends": ["r4", "r1"], "delay": "5ms"}]})";
  }
  bool reaches() const { return exec("a", {"ping", "-c", "1", "-W", "1", "b"}).status == 0; }
  void expect_rerouted() const {
    EXPECT_TRUE(reaches());
    EXPECT_EQ(emu({"link", "play", "r12", "down"}).status, 0);
    EXPECT_TRUE(eventually(kPatience, [&] { return reaches(); })) << "not around the cut";
    EXPECT_EQ(emu({"link", "play", "r12", "up"}).status, 0);
    EXPECT_EQ(emu({"link", "play", "r34", "down"}).status, 0);
    EXPECT_TRUE(eventually(kPatience, [&] { return reaches(); })) << "not back";
  }
};

INSTANTIATE_TEST_SUITE_P(As, Routing, testing::Bool(), name_of);

TEST_P(Routing, ByOspfFindsAWayAroundACut) {
  write_scenario(ring("ospf"));
  bring_up();
  const auto inspection = nlohmann::json::parse(emu({"inspect", "play", "--json"}).out);
  EXPECT_TRUE(inspection["as_planned"]) << inspection["nodes"];
  // By delay, not by the number of hops alone: both ways have two.
  const std::string address = node("b")["interfaces"][0]["address"];
  EXPECT_TRUE(eventually(kPatience, [&] {
    const std::string route = exec("r1", {"ip", "route", "get", address.substr(0, address.find('/'))}).out;
    return route.find("dev eth1") != std::string::npos;
  }));
  EXPECT_THAT(exec("r1", {"vtysh", "-c", "show ip ospf neighbor"}).out, HasSubstr("Full/"));
  expect_rerouted();
  // A router that was away comes back with its daemons.
  EXPECT_EQ(emu({"node", "play", "r1", "restart"}).status, 0);
  EXPECT_TRUE(eventually(kPatience, [&] { return reaches(); })) << "not after a restart";
}

TEST_P(Routing, ByBgpFindsAWayAroundACut) {
  write_scenario(ring("bgp"));
  bring_up();
  expect_rerouted();
}

}  // namespace
}  // namespace geomx::test

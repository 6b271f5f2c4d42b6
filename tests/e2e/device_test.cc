// A device of the machine's in a node. A network namespace of the test's own plays the machine, one end of a veth pair
// in it the network card, and the other end lies in a third namespace, the world outside.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include "emulator/base/error.h"
#include "emulator/netlink/address.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/route.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/namespace.h"
#include "emulator/sandbox/sysctl.h"
#include "tests/e2e/lab_fixture.h"
#include "tests/e2e/leftovers.h"

namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::chrono::seconds kReaperPromise{2};
constexpr int kCard = 50;                                               // index of both ends
constexpr std::uint32_t kTestNet = 198u << 24 | 51u << 16 | 100u << 8;  // 198.51.100.0
constexpr std::uint32_t kLan = 10u << 24 | 1u << 16;                    // 10.1.0.0: the lab's first

std::string name_of(const testing::TestParamInfo<bool>& info) {
  return info.param ? "OrdinaryUser" : "Root";
}

class Device : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    leave_the_machines_own();
    // A card that comes back gets its link-local address from the kernel, which otherwise takes its time to see whether
    // somebody else has it.
    for (const char* scope : {"all", "default"}) {
      sandbox::write_sysctl(std::string("net.ipv6.conf.") + scope + ".accept_dad", "0");
    }
    world_.emplace(sandbox::Namespace::create_network({.ipv6 = true}));
    netlink::Socket own;
    own.execute(netlink::add_veth({.name = "eth1", .index = kCard, .mtu = 1400},
                                  {.name = "eth0", .netns_fd = world_->fd(), .index = kCard, .mtu = 1400}));
    {
      const sandbox::ScopedNetwork inside(*world_);
      netlink::Socket theirs;
      theirs.execute(netlink::add_address(kCard, {kTestNet + 1, 24}, "eth0"));
      theirs.execute(netlink::set_up("eth0"));
    }
    // As somebody may have configured it: what comes back must be all of that.
    for (const char* line :
         {"address add 198.51.100.2/24 brd + dev eth1 label eth1:a", "link set eth1 txqueuelen 321", "link set eth1 up",
          "-6 address add 2001:db8::2/64 dev eth1 nodad", "route add 203.0.113.0/24 via 198.51.100.1 metric 7",
          "route add 192.0.2.0/24 via 203.0.113.9 dev eth1 onlink table 77",
          "-6 route add 2001:db8:1::/48 via 2001:db8::1 dev eth1"}) {
      ip(line);
    }
    settle();
    mounts_ = lines_of("/proc/self/mountinfo");
    write(R"({"name": "h", "device": {"name": "eth1", "address": "198.51.100.7/24"}})");
  }
  void TearDown() override {
    Lab::TearDown();
    if (!world_) return;
    EXPECT_EQ(lines_of("/proc/self/mountinfo"), mounts_);
    netlink::Socket socket;
    for (const netlink::Link& link : netlink::list_links(socket)) {
      if (link.name == "eth1" || link.name == "inside") socket.execute(netlink::delete_link(link.name));
    }
  }

  // A lab with one node more.
  void write(const std::string& node, const std::string& datacenters = R"([{"name": "a", "hosts": 1}])") const {
    std::ofstream(scratch_.path() / "play.json") << R"({"version": 1, "name": "play", "topology": {"datacenters": )"
                                                 << datacenters << R"(, "nodes": [)" << node << "]}}";
  }

  std::string ip(const std::string& line) const {
    std::istringstream words(line);
    std::vector<std::string> argv{"ip"};
    for (std::string word; words >> word;) argv.push_back(word);
    const Result result = ended({.argv = argv, .directory = scratch_.path()});
    EXPECT_EQ(result.status, 0) << "ip " << line << ": " << result.err;
    return result.out;
  }

  // Carrier and link-local addresses come a moment after both ends are up.
  void settle() const {
    netlink::Socket socket;
    netlink::settle_links(socket);
    EXPECT_TRUE(eventually(kPatience, [&] {
      return ip("-6 address show dev eth1").find("fe80") != std::string::npos &&
             ip("-6 address show dev eth1").find("tentative") == std::string::npos;
    }));
  }

  // All that the machine has of its card; nothing where it has no card.
  std::string picture() const {
    netlink::Socket socket;
    for (const netlink::Link& link : netlink::list_links(socket)) {
      if (link.name != "eth1") continue;
      std::string found;
      for (const char* line : {"-o link show dev eth1", "-o address show dev eth1", "route show table all dev eth1",
                               "-6 route show table all dev eth1"}) {
        found += ip(line);
      }
      // One that has been up has another than one that has not: what tc has is not kept.
      const std::size_t at = found.find(" qdisc ");
      return found.erase(at, found.find(' ', at + std::string_view(" qdisc ").size()) - at);
    }
    return "";
  }

  bool is_back(const std::string& before, std::chrono::milliseconds patience = kReaperPromise) const {
    if (eventually(patience, [&] { return picture() == before; })) return true;
    ADD_FAILURE() << "before:\n" << before << "now:\n" << picture();
    return false;
  }

  Result ping_from_outside(const std::string& address) const {
    const sandbox::ScopedNetwork outside(*world_);
    return ended({.argv = {"ping", "-c", "1", "-W", "5", address}, .directory = scratch_.path()});
  }
  bool reaches_out(const std::string& node) const {
    return exec(node, {"ping", "-c", "1", "-W", "5", "198.51.100.1"}).status == 0;
  }

  void give_the_world(std::uint32_t address, int prefix) const {
    const sandbox::ScopedNetwork inside(*world_);
    netlink::Socket().execute(netlink::add_address(kCard, {address, prefix}, "eth0"));
  }

  static nlohmann::json node_in(const nlohmann::json& inspection, const std::string& name) {
    return *std::find_if(inspection["nodes"].begin(), inspection["nodes"].end(),
                         [&](const auto& node) { return node["name"] == name; });
  }

  std::optional<sandbox::Namespace> world_;
  std::vector<std::string> mounts_;
};

class DeviceOfAUser : public Device {};

INSTANTIATE_TEST_SUITE_P(As, Device, testing::Values(false), name_of);
INSTANTIATE_TEST_SUITE_P(As, DeviceOfAUser, testing::Values(true), name_of);

TEST_P(Device, IsTheNodesAndComesBackAsItWas) {
  const std::string before = picture();
  ASSERT_THAT(before, HasSubstr("mtu 1400"));
  ASSERT_THAT(before, HasSubstr("198.51.100.2/24"));
  ASSERT_THAT(before, HasSubstr("2001:db8:1::/48"));
  EXPECT_THAT(emu({"plan", "play.json"}).out, HasSubstr("nic-eth1 198.51.100.7/24 = this machine's eth1"));
  EXPECT_THAT(emu({"check", "play.json"}).out, Not(HasSubstr("cannot run")));
  bring_up();
  EXPECT_EQ(picture(), "");
  EXPECT_TRUE(reaches_out("h"));
  EXPECT_EQ(ping_from_outside("198.51.100.7").status, 0);

  EXPECT_THAT(emu({"inspect", "play"}).out, HasSubstr("nic-eth1 198.51.100.7/24 = this machine's eth1"));
  const auto inspection = nlohmann::json::parse(emu({"inspect", "play", "--json"}).out);
  EXPECT_EQ(inspection["as_planned"], true) << inspection["nodes"];
  EXPECT_EQ(node_in(inspection, "h")["device"]["host_interface"], "eth1");

  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_THAT(picture(), HasSubstr("198.51.100.2/24")) << "it is back when down returns";
  EXPECT_TRUE(is_back(before));
  EXPECT_FALSE(fs::exists(lab_folder()));
}

TEST_P(Device, OfARouterLeadsTheLabThere) {
  std::ofstream(scratch_.path() / "play.json") << R"({"version": 1, "name": "play", "topology": {"datacenters": [
      {"name": "a", "hosts": 1, "device": {"name": "eth1", "address": "198.51.100.7/24"}},
      {"name": "b", "hosts": 1}, {"name": "c", "hosts": 1}],
    "links": [{"ends": ["a", "b"]}, {"ends": ["b", "c"]}]}})";
  const std::string before = picture();
  bring_up();
  {
    const sandbox::ScopedNetwork inside(*world_);
    netlink::Socket().execute(netlink::add_route({{10u << 24, 8}, kTestNet + 7, 0}, "to the lab"));
  }
  for (const char* host : {"a-host-0", "b-host-0", "c-host-0"}) EXPECT_TRUE(reaches_out(host)) << host;
  EXPECT_EQ(exec("a-host-0", {"ping", "-c", "1", "-W", "5", "c-host-0"}).status, 0);
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_TRUE(is_back(before));
}

TEST_P(Device, OfASwitchIsAPortOfItsLan) {
  write(R"({"name": "s", "kind": "switch", "datacenter": "a", "device": "eth1"})");
  give_the_world(kLan + 0x9900, 16);
  const std::string before = picture();
  bring_up();
  EXPECT_EQ(exec("a-host-0", {"ping", "-c", "1", "-W", "5", "10.1.153.0"}).status, 0);
  EXPECT_THAT(emu({"inspect", "play"}).out, HasSubstr("ports, nic-eth1 = this machine's eth1"));
  const auto inspection = nlohmann::json::parse(emu({"inspect", "play", "--json"}).out);
  EXPECT_EQ(inspection["as_planned"], true) << inspection["nodes"];
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_TRUE(is_back(before));
}

// How to lend a node a card that the machine needs itself.
TEST_P(Device, MayBeAMacvlanUponTheMachinesOwn) {
  ip("link add link eth1 name mine type macvlan mode bridge");
  write(R"({"name": "h", "device": {"name": "mine", "address": "198.51.100.7/24"}})");
  const std::string before = picture();
  bring_up();
  EXPECT_TRUE(reaches_out("h"));
  EXPECT_EQ(picture(), before);
  ::kill(lab_pid(), SIGKILL);
  EXPECT_TRUE(eventually(kReaperPromise, [&] { return ip("-o link").find(" mine@eth1: ") != std::string::npos; }));
  ip("link del mine");
}

TEST_P(Device, GoesBackIntoItsBridge) {
  ip("link add name inside type bridge");
  ip("link set eth1 master inside");
  const std::string before = picture();
  ASSERT_THAT(before, HasSubstr("master inside"));
  bring_up();
  EXPECT_TRUE(reaches_out("h"));
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_TRUE(is_back(before));
  ip("link del inside");
}

TEST_P(Device, StaysDownWhereItWasDown) {
  ip("link set eth1 down");
  const std::string before = picture();
  bring_up();
  EXPECT_TRUE(reaches_out("h"));
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_TRUE(is_back(before));
}

TEST_P(Device, ComesBackWhateverTheNodeHasDoneWithIt) {
  const std::string before = picture();
  bring_up();
  for (const char* line : {"link set nic-eth1 down", "link set nic-eth1 name mine", "link set mine mtu 1000",
                           "link set mine address 02:00:00:00:00:77"}) {
    const Result done = exec("h", {"bash", "-c", std::string("ip ") + line});
    EXPECT_EQ(done.status, 0) << line << done.err;
  }
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_TRUE(is_back(before));
}

TEST_P(Device, ComesBackBesideWhoHasTakenItsPlace) {
  bring_up();
  netlink::Socket().execute(netlink::add_veth({.name = "eth1", .index = kCard}, {.name = "other"}));
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_THAT(ip("address show dev eth1"), Not(HasSubstr("198.51.100.2/24"))) << "this is another one";
  EXPECT_THAT(ip("address show dev geomx0"), HasSubstr("198.51.100.2/24"));
  EXPECT_THAT(ip("route show table 77"), HasSubstr("dev geomx0"));
  ip("link del geomx0");
}

TEST_P(Device, ComesBackWhenTheLabIsKilled) {
  const std::string before = picture();
  bring_up();
  ::kill(lab_pid(), SIGKILL);
  EXPECT_TRUE(is_back(before));
  EXPECT_TRUE(eventually(kReaperPromise, [&] { return !fs::exists(lab_folder()); }));
}

TEST_P(Device, ComesBackWhenAllButTheReaperIsKilled) {
  const std::string before = picture();
  Command up(invocation({"up", "play.json"}));
  ASSERT_TRUE(eventually(kPatience, [&] { return up.out().find("Ctrl-C") != std::string::npos; })) << up.err();
  EXPECT_EQ(picture(), "");
  for (const ProcessInfo& process : process_tree(up.pid())) ::kill(process.pid, SIGKILL);
  EXPECT_TRUE(is_back(before));
  up.wait(kPatience);
}

TEST_P(Device, ComesBackWithTheNextCommandWhenTheReaperIsKilledToo) {
  const std::string before = picture();
  bring_up();
  const pid_t watcher = reaper();
  ASSERT_NE(watcher, -1);
  ::kill(watcher, SIGKILL);
  ASSERT_TRUE(eventually(kPatience, [&] { return reaper() == -1; }));
  ::kill(lab_pid(), SIGKILL);
  EXPECT_TRUE(eventually(kPatience, [&] { return emu({"list", "--json"}).out == "[]\n"; }));
  EXPECT_TRUE(is_back(before));

  bring_up();
  ::kill(reaper(), SIGKILL);
  ASSERT_TRUE(eventually(kPatience, [&] { return reaper() == -1; }));
  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_TRUE(is_back(before)) << "down without a reaper";
}

TEST_P(Device, ComesBackWhenUpFails) {
  write(R"({"name": "h", "device": "eth1", "start": ["/no/such/program"]})");
  const std::string before = picture();
  const Result up = emu({"up", "play.json", "--detach"});
  EXPECT_EQ(up.status, 1);
  EXPECT_THAT(up.err, HasSubstr("/no/such/program"));
  EXPECT_TRUE(is_back(before));
  EXPECT_TRUE(eventually(kReaperPromise, [&] { return !fs::exists(lab_folder()); }));
}

TEST_P(Device, ComesBackAfterCtrlC) {
  const std::string before = picture();
  Command up(invocation({"up", "play.json"}));
  ASSERT_TRUE(eventually(kPatience, [&] { return up.out().find("Ctrl-C") != std::string::npos; })) << up.err();
  EXPECT_EQ(picture(), "");
  up.signal(SIGINT);
  EXPECT_EQ(up.wait(kPatience), 0) << up.err();
  EXPECT_TRUE(is_back(before));
}

TEST_P(Device, GoesDownAndUpWithItsNode) {
  bring_up();
  EXPECT_EQ(emu({"node", "play", "h", "kill"}).status, 0);
  EXPECT_NE(ping_from_outside("198.51.100.7").status, 0);
  EXPECT_EQ(emu({"node", "play", "h", "restart"}).status, 0);
  EXPECT_EQ(ping_from_outside("198.51.100.7").status, 0);
}

TEST_P(Device, CannotBeChangedWhileTheLabRuns) {
  bring_up();
  const Result moved = emu({"apply", "play", "play.json", "--set", "topology.nodes.0.device.address=198.51.100.8/24"});
  EXPECT_EQ(moved.status, 2);
  EXPECT_THAT(moved.err, HasSubstr("'h' has the device eth1, and keeps it as it is while the lab runs"));
  const Result gained = emu({"apply", "play", "play.json", "--set", "topology.datacenters.0.device=eth2"});
  EXPECT_EQ(gained.status, 2);
  EXPECT_THAT(gained.err, HasSubstr("'a-gateway' cannot get a device while the lab runs"));
  write("");
  const Result lost = emu({"apply", "play", "play.json"});
  EXPECT_EQ(lost.status, 2);
  EXPECT_THAT(lost.err, HasSubstr("'h' has the device eth1, and cannot be removed while the lab runs"));
  write(R"({"name": "h", "device": {"name": "eth1", "address": "198.51.100.7/24"}})", R"([{"name": "a", "hosts": 3}])");
  const Result kept = emu({"apply", "play", "play.json"});
  EXPECT_EQ(kept.status, 0) << kept.err;
  EXPECT_TRUE(reaches_out("h"));
}

TEST_P(Device, ThatTheMachineCannotSpareIsRefused) {
  const auto refusal = [&] {
    const Result check = emu({"check", "play.json"});
    const Result up = emu({"up", "play.json", "--detach"});
    EXPECT_EQ(up.status, 2);
    EXPECT_THAT(check.out, HasSubstr("cannot run on this machine as it is: /topology/nodes/0/device: "));
    return up.err;
  };
  const std::string before = picture();
  ip("link add link eth1 name upon type macvlan");
  EXPECT_THAT(refusal(), HasSubstr("/topology/nodes/0/device: eth1 cannot be moved: upon needs it"));
  ip("link del upon");
  ip("route add default via 198.51.100.1");
  EXPECT_THAT(refusal(), HasSubstr("this machine's default route leads over eth1: without it the machine is cut off"));
  ip("route del default");
  ip("-6 route add default via 2001:db8::1");
  EXPECT_THAT(refusal(), HasSubstr("this machine's default route leads over eth1"));
  ip("-6 route del default");
  ip("link add name inside type bridge");
  ip("link set inside up");
  ip("link set eth1 master inside");
  ip("address add 203.0.113.77/24 dev inside");
  ip("route add default via 203.0.113.78");
  EXPECT_THAT(refusal(), HasSubstr("default route leads over inside, of which eth1 is a part"));
  write(R"({"name": "h", "device": "inside"})");
  EXPECT_THAT(refusal(), HasSubstr("the kernel does not let it leave its network namespace"));
  ip("link del inside");
  write(R"({"name": "h", "device": "eth7"})");
  EXPECT_THAT(refusal(), HasSubstr("this machine has no network interface \"eth7\""));
  EXPECT_TRUE(is_back(before));
  EXPECT_EQ(lines_of("/proc/self/mountinfo"), mounts_);
}

// kill -9 of whoever is at it, at every point of a device's way there and back.
TEST_P(Device, IsNotLostWhenThePowerIsCutOnItsWay) {
  const std::string before = picture();
  const fs::path log = scratch_.path() / "phases";
  const auto at = [&](std::vector<std::string> arguments, const std::string& phase) {
    Invocation made = invocation(std::move(arguments));
    made.environment["GEOMX_EMU_PHASES"] = log;
    made.environment["GEOMX_EMU_STOP_AT"] = phase;
    return made;
  };
  // Whoever waits for the lock: "12: -> FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF".
  const auto waiting = [&] {
    struct stat status {};
    check(::stat(log.c_str(), &status), "look at", log);
    std::vector<pid_t> found;
    for (const std::string& line : lines_of("/proc/locks")) {
      if (line.find("->") == std::string::npos || line.find(":" + std::to_string(status.st_ino) + " ") == line.npos) {
        continue;
      }
      std::istringstream words(line);
      std::string ignored;
      pid_t pid = 0;
      words >> ignored >> ignored >> ignored >> ignored >> ignored >> pid;
      found.push_back(pid);
    }
    return found;
  };
  for (const char* phase : {"up: networks of devices", "up: devices guarded", "up: device", "up: device moved",
                            "up: device configured", "down: device", "down: device moved", "down: devices returned"}) {
    SCOPED_TRACE(phase);
    std::ofstream(log).close();
    const FileDescriptor held(check(::open(log.c_str(), O_RDONLY | O_CLOEXEC), "open", log));
    check(::flock(held.get(), LOCK_SH), "lock", log);
    Command up(at({"up", "play.json", "--detach"}, phase));
    if (std::string(phase).starts_with("down")) {
      EXPECT_EQ(up.wait(kPatience), 0) << up.err();
      EXPECT_EQ(picture(), "");
      ::kill(lab_pid(), SIGKILL);
    }
    ASSERT_TRUE(eventually(kPatience, [&] { return !waiting().empty(); })) << up.err();
    for (const pid_t victim : waiting()) ::kill(victim, SIGKILL);
    check(::flock(held.get(), LOCK_UN), "unlock", log);
    EXPECT_NE(up.wait(kPatience), std::nullopt);
    // Where it was the reaper, or there was none yet, the next command does it.
    EXPECT_TRUE(eventually(kPatience, [&] {
      return emu({"list", "--json"}).out == "[]\n" && !fs::exists(lab_folder());
    }));
    EXPECT_TRUE(is_back(before));
    EXPECT_EQ(lines_of("/proc/self/mountinfo"), mounts_);
  }
}

TEST_P(DeviceOfAUser, IsRefused) {
  EXPECT_THAT(emu({"check", "play.json"}).out,
              HasSubstr("cannot run on this machine as it is: /topology/nodes/0/device: taking a device from this"));
  const Result up = emu({"up", "play.json", "--detach"});
  EXPECT_EQ(up.status, 2);
  EXPECT_THAT(up.err, HasSubstr("/topology/nodes/0/device: taking a device from this machine changes its own network, "
                                "which only root may"));
}

}  // namespace
}  // namespace geomx::test

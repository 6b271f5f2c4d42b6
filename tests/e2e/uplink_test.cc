// A lab's way out. A network namespace of the test's own plays the machine, and another one a server beyond it, which
// has no route but to its neighbour: what it can answer has come with the machine's address.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <fstream>

#include "emulator/base/error.h"
#include "emulator/netlink/address.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/nat.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/namespace.h"
#include "emulator/sandbox/sysctl.h"
#include "tests/e2e/lab_fixture.h"
#include "tests/e2e/leftovers.h"

namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::chrono::seconds kReaperPromise{2};
constexpr std::uint32_t kMachine = 203u << 24 | 113u << 8 | 1;  // 203.0.113.1
constexpr std::uint32_t kServer = kMachine + 1;
constexpr std::uint16_t kPort = 7000;

std::string name_of(const testing::TestParamInfo<bool>& info) {
  return info.param ? "OrdinaryUser" : "Root";
}

// Listens in the calling thread's network namespace at the time of its making.
class Listener {
 public:
  Listener() : fd_(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "open TCP socket")) {
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_port = htons(kPort);
    check(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&local), sizeof(local)), "bind TCP socket");
    check(::listen(fd_.get(), 4), "listen");
  }

  // Sends a word to the next who connects, and says from where he does; empty: nobody has.
  std::string greet() const {
    pollfd ready{fd_.get(), POLLIN, 0};
    if (::poll(&ready, 1, 30'000) != 1) return "";
    sockaddr_in remote{};
    socklen_t size = sizeof(remote);
    const FileDescriptor accepted(::accept(fd_.get(), reinterpret_cast<sockaddr*>(&remote), &size));
    EXPECT_EQ(::send(accepted.get(), "welcome\n", 8, MSG_NOSIGNAL), 8);
    return netlink::ipv4_to_string(ntohl(remote.sin_addr.s_addr));
  }

 private:
  FileDescriptor fd_;
};

class Uplink : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    leave_the_machines_own();
    sandbox::write_sysctl("net.ipv4.ip_forward", "1");
    netlink::Socket own;
    server_.emplace(sandbox::Namespace::create_network({}));
    own.execute(netlink::add_veth({.name = "wan0", .index = 50, .up = true},
                                  {.name = "eth0", .netns_fd = server_->fd(), .index = 50}));
    own.execute(netlink::add_address(50, {kMachine, 24}, "wan0"));
    const sandbox::ScopedNetwork inside(*server_);
    netlink::Socket theirs;
    theirs.execute(netlink::add_address(50, {kServer, 24}, "eth0"));
    theirs.execute(netlink::set_up("eth0"));
    netlink::settle_links(theirs);
    listener_.emplace();
    std::ofstream(scratch_.path() / "play.json") << R"({"version": 1, "name": "play", "topology": {
      "datacenters": [{"name": "a", "hosts": 1, "uplink": true}, {"name": "b", "hosts": 1}, {"name": "c", "hosts": 1}],
      "links": [{"ends": ["a", "b"], "delay": "5ms"}, {"ends": ["b", "c"]}]}})";
  }
  void TearDown() override {
    Lab::TearDown();
    if (!server_) return;
    listener_.reset();
    netlink::Socket().execute(netlink::delete_link("wan0"));
  }

  // From where the server sees the node, which gets its answer.
  std::string seen_from(const std::string& node) const {
    Command client(invocation({"exec", "play", node, "--", "bash", "-c", "cat < /dev/tcp/203.0.113.2/7000"}));
    std::string address = listener_->greet();
    EXPECT_EQ(client.wait(kPatience), 0) << client.err();
    EXPECT_EQ(client.out(), "welcome\n");
    return address;
  }

  // What the lab has in the machine's network.
  static std::vector<std::string> traces() {
    std::vector<std::string> found = netlink::list_tables();
    netlink::Socket socket;
    for (const netlink::Link& link : netlink::list_links(socket)) {
      if (link.name.starts_with("gx")) found.push_back(link.name);
    }
    return found;
  }

 private:
  std::optional<sandbox::Namespace> server_;
  std::optional<Listener> listener_;
};

class UplinkOfAUser : public Uplink {};

INSTANTIATE_TEST_SUITE_P(As, Uplink, testing::Values(false), name_of);
INSTANTIATE_TEST_SUITE_P(As, UplinkOfAUser, testing::Values(true), name_of);

TEST_P(Uplink, ReachesOutWithTheMachinesAddressAndLeavesNothing) {
  EXPECT_THAT(emu({"plan", "play.json"}).out, HasSubstr("uplink out of 198.18.0.0/15"));
  bring_up();
  EXPECT_THAT(traces(), Contains(StartsWith("geomx-emu-")));
  EXPECT_THAT(traces(), Contains(StartsWith("gx")));
  for (const char* node : {"a-gateway", "a-host-0", "b-host-0", "c-host-0"}) {
    EXPECT_EQ(seen_from(node), "203.0.113.1") << node;
  }
  EXPECT_EQ(exec("c-host-0", {"ping", "-c", "1", "-W", "5", "203.0.113.2"}).status, 0);
  EXPECT_EQ(exec("c-host-0", {"ping", "-c", "1", "-W", "5", "a-host-0"}).status, 0) << "the lab's own paths are lost";
  EXPECT_EQ(exec("a-host-0", {"ping", "-c", "1", "-W", "5", "c-host-0"}).status, 0) << "the lab's own paths are lost";

  const auto inspection = nlohmann::json::parse(emu({"inspect", "play", "--json"}).out);
  EXPECT_EQ(inspection["as_planned"], true) << inspection["nodes"];
  const auto gateway = std::find_if(inspection["nodes"].begin(), inspection["nodes"].end(),
                                    [](const auto& node) { return node["name"] == "a-gateway"; });
  EXPECT_THAT((*gateway)["uplink"]["address"].get<std::string>(), StartsWith("198."));
  EXPECT_THAT(traces(), Contains((*gateway)["uplink"]["host_interface"].get<std::string>()));

  EXPECT_EQ(emu({"down", "play"}).status, 0);
  EXPECT_THAT(traces(), IsEmpty());
  EXPECT_FALSE(fs::exists(lab_folder()));
}

TEST_P(Uplink, ComesBackWithItsNode) {
  bring_up();
  EXPECT_EQ(emu({"node", "play", "a-gateway", "kill"}).status, 0);
  EXPECT_NE(exec("b-host-0", {"ping", "-c", "1", "-W", "1", "203.0.113.2"}).status, 0);
  EXPECT_EQ(emu({"node", "play", "a-gateway", "restart"}).status, 0);
  EXPECT_EQ(seen_from("b-host-0"), "203.0.113.1");
}

TEST_P(Uplink, LeavesNothingWhenTheLabIsKilled) {
  bring_up();
  ASSERT_THAT(traces(), testing::SizeIs(2));
  ::kill(lab_pid(), SIGKILL);
  EXPECT_TRUE(eventually(kReaperPromise, [] { return traces().empty(); }));
  EXPECT_TRUE(eventually(kReaperPromise, [&] { return !fs::exists(lab_folder()); }));
}

TEST_P(Uplink, LeavesNothingAfterTheNextCommandWhenTheReaperIsKilledToo) {
  bring_up();
  const pid_t watcher = reaper();
  ASSERT_NE(watcher, -1);
  ::kill(watcher, SIGKILL);
  ASSERT_TRUE(eventually(kPatience, [&] { return reaper() == -1; }));
  ::kill(lab_pid(), SIGKILL);
  EXPECT_TRUE(eventually(kPatience, [&] { return emu({"list", "--json"}).out == "[]\n"; }));
  EXPECT_THAT(traces(), IsEmpty());
}

TEST_P(Uplink, CannotBeChangedWhileTheLabRuns) {
  bring_up();
  const Result lost = emu({"apply", "play", "play.json", "--set", "topology.datacenters.0.uplink=false"});
  EXPECT_EQ(lost.status, 2);
  EXPECT_THAT(lost.err, HasSubstr("'a-gateway' has an uplink, and keeps it while the lab runs"));
  const Result gained = emu({"apply", "play", "play.json", "--set", "topology.datacenters.1.uplink=true"});
  EXPECT_EQ(gained.status, 2);
  EXPECT_THAT(gained.err, HasSubstr("'b-gateway' cannot get an uplink while the lab runs"));
  const Result kept = emu({"apply", "play", "play.json", "--set", "topology.datacenters.2.hosts=2"});
  EXPECT_EQ(kept.status, 0) << kept.err;
  EXPECT_EQ(seen_from("c-host-1"), "203.0.113.1");
}

TEST_P(Uplink, NeedsAMachineThatForwards) {
  sandbox::write_sysctl("net.ipv4.ip_forward", "0");
  EXPECT_THAT(emu({"check", "play.json"}).out,
              HasSubstr("cannot run on this machine as it is: /topology/datacenters/0/uplink: this machine does not "
                        "forward what arrives at wan0"));
  const Result up = emu({"up", "play.json", "--detach"});
  EXPECT_EQ(up.status, 2);
  EXPECT_THAT(up.err, HasSubstr("sysctl -w net.ipv4.ip_forward=1"));
  EXPECT_THAT(traces(), IsEmpty());
}

TEST_P(UplinkOfAUser, IsRefused) {
  EXPECT_THAT(emu({"check", "play.json"}).out,
              HasSubstr("cannot run on this machine as it is: /topology/datacenters/0/uplink: an uplink changes"));
  const Result up = emu({"up", "play.json", "--detach"});
  EXPECT_EQ(up.status, 2);
  EXPECT_THAT(up.err, HasSubstr("/topology/datacenters/0/uplink: an uplink changes this machine's own network"));
}

}  // namespace
}  // namespace geomx::test

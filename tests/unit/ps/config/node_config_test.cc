#include "ps/config/node_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "ps/config/error.h"
#include "ps/config/host.h"

namespace geomx::ps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Environment = std::map<std::string, std::string>;

NodeConfig read(const Environment& environment) {
  return read_config([&](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string error_of(const Environment& environment) {
  try {
    read(environment);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Environment with(Environment environment, const Environment& changes) {
  for (const auto& [name, value] : changes) environment[name] = value;
  return environment;
}

Environment without(Environment environment, const std::string& name) {
  environment.erase(name);
  return environment;
}

// The processes of the deployment guide, as it starts them.
const Environment kGlobalPlane{{"DMLC_PS_GLOBAL_ROOT_URI", "127.0.0.1"},
                               {"DMLC_PS_GLOBAL_ROOT_PORT", "9092"},
                               {"DMLC_NUM_GLOBAL_SERVER", "1"},
                               {"DMLC_NUM_GLOBAL_WORKER", "2"}};
const Environment kCentralPlane{{"DMLC_PS_ROOT_URI", "127.0.0.1"},
                                {"DMLC_PS_ROOT_PORT", "9093"},
                                {"DMLC_NUM_SERVER", "1"},
                                {"DMLC_NUM_WORKER", "1"}};
const Environment kPartyPlane{{"DMLC_PS_ROOT_URI", "127.0.0.1"},
                              {"DMLC_PS_ROOT_PORT", "9094"},
                              {"DMLC_NUM_SERVER", "1"},
                              {"DMLC_NUM_WORKER", "2"}};
const Environment kGlobalScheduler =
    with(kGlobalPlane, {{"DMLC_ROLE_GLOBAL", "global_scheduler"}, {"PS_VERBOSE", "1"}});
const Environment kLocalScheduler = with(kPartyPlane, {{"DMLC_ROLE", "scheduler"}});
const Environment kGlobalServer = with(with(kGlobalPlane, kCentralPlane), {{"DMLC_ROLE_GLOBAL", "global_server"},
                                                                           {"DMLC_ROLE", "server"},
                                                                           {"DMLC_ENABLE_CENTRAL_WORKER", "0"},
                                                                           {"DMLC_NUM_ALL_WORKER", "4"}});
const Environment kMasterWorker =
    with(kCentralPlane, {{"DMLC_ROLE", "worker"}, {"DMLC_ROLE_MASTER_WORKER", "1"}, {"DMLC_NUM_ALL_WORKER", "4"}});
const Environment kPartyServer = with(with(kGlobalPlane, kPartyPlane), {{"DMLC_ROLE", "server"}});
const Environment kWorker = with(kPartyPlane, {{"DMLC_ROLE", "worker"}, {"DMLC_NUM_ALL_WORKER", "4"}});

TEST(NodeConfigTest, GlobalScheduler) {
  const NodeConfig config = read(kGlobalScheduler);
  EXPECT_EQ(config.role_name(), "global scheduler");
  EXPECT_FALSE(config.local);
  ASSERT_TRUE(config.global);
  EXPECT_TRUE(config.global->global);
  EXPECT_EQ(config.global->role, PlaneRole::scheduler);
  EXPECT_EQ(scheduler_name(*config.global), "global scheduler at 127.0.0.1:9092");
  EXPECT_EQ(config.global->bind_host, "127.0.0.1");
  EXPECT_EQ(config.global->num_servers, 1);
  EXPECT_EQ(config.global->num_workers, 2);
}

TEST(NodeConfigTest, LocalScheduler) {
  const NodeConfig config = read(kLocalScheduler);
  EXPECT_EQ(config.role_name(), "local scheduler");
  EXPECT_FALSE(config.global);
  ASSERT_TRUE(config.local);
  EXPECT_EQ(config.local->role, PlaneRole::scheduler);
  EXPECT_EQ(config.local->num_workers, 2);
}

TEST(NodeConfigTest, GlobalServerServesBothPlanes) {
  const NodeConfig config = read(kGlobalServer);
  EXPECT_EQ(config.role_name(), "global server");
  ASSERT_TRUE(config.local && config.global);
  EXPECT_EQ(config.local->role, PlaneRole::server);
  EXPECT_EQ(config.global->role, PlaneRole::server);
  EXPECT_EQ(config.local->scheduler_port, 9093);
  EXPECT_EQ(config.global->scheduler_port, 9092);
  EXPECT_EQ(config.num_all_workers, 4);
  EXPECT_FALSE(config.central_worker);
  EXPECT_TRUE(read(with(kGlobalServer, {{"DMLC_ENABLE_CENTRAL_WORKER", "1"}})).central_worker);
}

TEST(NodeConfigTest, PartyServerServesItsPartyAndWorksForTheGlobalPlane) {
  const NodeConfig config = read(kPartyServer);
  EXPECT_EQ(config.role_name(), "party server");
  ASSERT_TRUE(config.local && config.global);
  EXPECT_EQ(config.local->role, PlaneRole::server);
  EXPECT_EQ(config.global->role, PlaneRole::worker);
  EXPECT_FALSE(config.global->master);
}

TEST(NodeConfigTest, PartiesAreOrderedByTheirSchedulers) {
  const auto order = [](const char* host, const char* port) {
    return read(with(kPartyServer, {{"DMLC_PS_ROOT_URI", host}, {"DMLC_PS_ROOT_PORT", port}})).global->order;
  };
  EXPECT_LT(order("127.0.0.1", "9094"), order("127.0.0.1", "9095"));
  EXPECT_LT(order("127.0.0.1", "9095"), order("127.0.0.2", "1"));
}

TEST(NodeConfigTest, Workers) {
  const NodeConfig worker = read(kWorker);
  EXPECT_EQ(worker.role_name(), "worker");
  EXPECT_FALSE(worker.global || worker.master_worker || worker.local->master);
  const NodeConfig master = read(kMasterWorker);
  EXPECT_EQ(master.role_name(), "master worker");
  EXPECT_TRUE(master.master_worker && master.local->master);
}

TEST(NodeConfigTest, DefaultsAndLimits) {
  const NodeConfig config = read(kWorker);
  EXPECT_EQ(config.verbose, 1);
  EXPECT_EQ(config.bigarray_bound, 1'000'000);
  EXPECT_EQ(config.local->heartbeat_interval.count(), 2);
  EXPECT_EQ(config.local->heartbeat_timeout.count(), 15);
  EXPECT_EQ(config.local->join_timeout.count(), 10);
  EXPECT_EQ(config.local->port, 0);

  const NodeConfig other = read(with(kWorker, {{"PS_VERBOSE", "2"},
                                               {"MXNET_KVSTORE_BIGARRAY_BOUND", "1000"},
                                               {"PS_HEARTBEAT_INTERVAL", "0.5"},
                                               {"PS_HEARTBEAT_TIMEOUT", "3"},
                                               {"GEOMX_JOIN_TIMEOUT", "60"}}));
  EXPECT_EQ(other.verbose, 2);
  EXPECT_EQ(other.bigarray_bound, 1000);
  EXPECT_EQ(other.local->heartbeat_interval.count(), 0.5);
  EXPECT_EQ(other.local->heartbeat_timeout.count(), 3);
  EXPECT_EQ(other.local->join_timeout.count(), 60);

  EXPECT_EQ(read(with(kWorker, {{"PS_HEARTBEAT_INTERVAL", "0"}})).local->heartbeat_timeout.count(), 0);
  EXPECT_EQ(read(with(kWorker, {{"PS_HEARTBEAT_TIMEOUT", "0"}})).local->heartbeat_timeout.count(), 0);
}

TEST(NodeConfigTest, PortsOfANodeThatListensInBothPlanesAreNeighbours) {
  const NodeConfig global_server = read(with(kGlobalServer, {{"PORT", "7000"}}));
  EXPECT_EQ(global_server.local->port, 7000);
  EXPECT_EQ(global_server.global->port, 7001);
  const NodeConfig party_server = read(with(kPartyServer, {{"PORT", "7000"}}));
  EXPECT_EQ(party_server.local->port, 7000);
  EXPECT_EQ(party_server.global->port, 0);
}

TEST(NodeConfigTest, PortIsForThoseWhoListen) {
  const NodeConfig worker = read(with(kWorker, {{"PORT", "7000"}}));
  EXPECT_EQ(worker.local->port, 0);
  EXPECT_THAT(worker.warnings, ElementsAre("PORT=7000 is set aside: a worker does not listen"));
  const NodeConfig local = read(with(kLocalScheduler, {{"PORT", "7000"}}));
  EXPECT_EQ(local.local->port, 7000);
  EXPECT_EQ(local.local->scheduler_port, 9094);  // where the others look for it
  EXPECT_EQ(read(with(kGlobalScheduler, {{"PORT", "7000"}})).global->port, 7000);
}

TEST(NodeConfigTest, TheCentralPartyMayTrainAlone) {
  const Environment alone{{"DMLC_NUM_GLOBAL_WORKER", "0"}};
  EXPECT_EQ(read(with(kGlobalScheduler, alone)).global->num_workers, 0);
  EXPECT_EQ(read(with(kGlobalServer, alone)).global->num_workers, 0);
  EXPECT_THAT(error_of(with(kPartyServer, alone)), HasSubstr("DMLC_NUM_GLOBAL_WORKER=0: an integer from 1"));
}

TEST(NodeConfigTest, EmptyIsUnset) {
  EXPECT_EQ(read(with(kWorker, {{"DMLC_ROLE_GLOBAL", ""}, {"PS_VERBOSE", ""}})).role_name(), "worker");
}

// Every variable that a role needs, taken away: the message names it and the role.
TEST(NodeConfigTest, MissingVariablesAreNamedWithTheRole) {
  const auto check = [](const Environment& environment, const std::string& role) {
    for (const auto& [name, value] : environment) {
      if (name == "DMLC_ROLE" || name == "DMLC_ROLE_GLOBAL" || name == "PS_VERBOSE" ||
          name == "DMLC_ENABLE_CENTRAL_WORKER" || name == "DMLC_ROLE_MASTER_WORKER") {
        continue;
      }
      const std::string error = error_of(without(environment, name));
      EXPECT_THAT(error, HasSubstr(name + " is not set: "));
      EXPECT_THAT(error, HasSubstr("(" + role + ")"));
      EXPECT_THAT(error, Not(HasSubstr("\n")));
    }
  };
  check(kGlobalScheduler, "global scheduler");
  check(kLocalScheduler, "local scheduler");
  check(kGlobalServer, "global server");
  check(kPartyServer, "party server");
  check(kMasterWorker, "master worker");
  check(kWorker, "worker");
}

TEST(NodeConfigTest, RoleErrors) {
  EXPECT_THAT(error_of({}), HasSubstr("neither DMLC_ROLE nor DMLC_ROLE_GLOBAL is set"));
  EXPECT_EQ(error_of(with(kWorker, {{"DMLC_ROLE", "boss"}})), "DMLC_ROLE=boss: scheduler, server or worker is wanted");
  EXPECT_EQ(error_of(with(kWorker, {{"DMLC_ROLE_GLOBAL", "king"}})),
            "DMLC_ROLE_GLOBAL=king: global_scheduler or global_server is wanted");
  EXPECT_THAT(error_of(with(kGlobalServer, {{"DMLC_ROLE", "worker"}})),
              HasSubstr("DMLC_ROLE=worker: server beside DMLC_ROLE_GLOBAL=global_server is wanted"));
  EXPECT_THAT(error_of(without(kGlobalServer, "DMLC_ROLE")), HasSubstr("DMLC_ROLE is not set: server beside"));
  EXPECT_THAT(error_of(with(kGlobalScheduler, {{"DMLC_ROLE", "worker"}})), HasSubstr("DMLC_ROLE=worker: no value"));
  EXPECT_THAT(error_of(with(kPartyServer, {{"DMLC_ROLE_MASTER_WORKER", "1"}})), HasSubstr("DMLC_ROLE_MASTER_WORKER=1"));
}

struct BadValue {
  std::string name;
  std::string value;
  std::string wanted;
};
class BadValueTest : public ::testing::TestWithParam<BadValue> {};
INSTANTIATE_TEST_SUITE_P(Table, BadValueTest,
                         ::testing::Values(BadValue{"DMLC_PS_ROOT_URI", "localhost", "an IPv4 address"},
                                           BadValue{"DMLC_PS_ROOT_URI", "10.1.0", "an IPv4 address"},
                                           BadValue{"DMLC_PS_ROOT_URI", "0.0.0.0", "an IPv4 address"},
                                           BadValue{"DMLC_PS_ROOT_PORT", "0", "an integer from 1 to 65535"},
                                           BadValue{"DMLC_PS_ROOT_PORT", "65536", "an integer from 1 to 65535"},
                                           BadValue{"DMLC_PS_ROOT_PORT", "9093x", "an integer from 1 to 65535"},
                                           BadValue{"DMLC_NUM_SERVER", "0", "an integer from 1"},
                                           BadValue{"DMLC_NUM_WORKER", "-1", "an integer from 1"},
                                           BadValue{"DMLC_NUM_WORKER", "2.5", "an integer from 1"},
                                           BadValue{"DMLC_NUM_WORKER", "99999999999999999999", "an integer from 1"},
                                           BadValue{"DMLC_NUM_ALL_WORKER", "0", "an integer from 1"},
                                           BadValue{"DMLC_ROLE_MASTER_WORKER", "yes", "0 or 1"},
                                           BadValue{"DMLC_ENABLE_CENTRAL_WORKER", "2", "0 or 1"},
                                           BadValue{"PS_VERBOSE", "3", "an integer from 0 to 2"},
                                           BadValue{"PS_HEARTBEAT_INTERVAL", "-1", "a number of seconds"},
                                           BadValue{"PS_HEARTBEAT_TIMEOUT", "nan", "a number of seconds"},
                                           BadValue{"PS_HEARTBEAT_TIMEOUT", "1", "more than PS_HEARTBEAT_INTERVAL=2"},
                                           BadValue{"GEOMX_JOIN_TIMEOUT", "0", "a number of seconds"},
                                           BadValue{"MXNET_KVSTORE_BIGARRAY_BOUND", "0", "an integer from 1"},
                                           BadValue{"PORT", "70000", "an integer from 1 to 65535"},
                                           BadValue{"DMLC_NODE_HOST", "example", "an IPv4 address"}));

TEST_P(BadValueTest, NamesTheVariableTheValueSeenAndTheValueWanted) {
  const std::string error = error_of(with(kWorker, {{GetParam().name, GetParam().value}}));
  EXPECT_THAT(error, HasSubstr(GetParam().name + "=" + GetParam().value + ": "));
  EXPECT_THAT(error, HasSubstr(GetParam().wanted));
  EXPECT_THAT(error, HasSubstr(" is wanted"));
}

TEST(NodeConfigTest, TheKeyOfDatagramsIsReadAndNeverShown) {
  const std::string digits = "00ff" + std::string(60, 'a');
  const NodeConfig config = read(with(kPartyServer, {{"GEOMX_DGT_KEY", digits}}));
  EXPECT_EQ(config.global->datagram_key, std::string("\0\xff", 2) + std::string(30, '\xaa'));
  EXPECT_THAT(config.local->datagram_key, IsEmpty());
  EXPECT_THAT(read(kPartyServer).global->datagram_key, IsEmpty());
  for (const std::string& wrong : {digits + "0", digits.substr(2), "g" + digits.substr(1)}) {
    EXPECT_EQ(error_of(with(kPartyServer, {{"GEOMX_DGT_KEY", wrong}})),
              "GEOMX_DGT_KEY=" + std::to_string(wrong.size()) +
                  " characters: 64 hexadecimal digits is wanted (party server)");
  }
}

TEST(NodeConfigTest, ResendingIsOffUnlessItIsAskedFor) {
  EXPECT_EQ(read(kWorker).transport.resend_timeout.count(), 0);
  const NodeConfig config = read(with(kWorker, {{"PS_RESEND", "1"}, {"PS_DROP_MSG", "10"}}));
  EXPECT_EQ(config.transport.resend_timeout.count(), 1000);
  EXPECT_EQ(config.local->resend_timeout.count(), 1000);
  EXPECT_DOUBLE_EQ(config.transport.drop, 0.1);
  EXPECT_EQ(read(with(kWorker, {{"PS_RESEND", "1"}, {"PS_RESEND_TIMEOUT", "250"}})).transport.resend_timeout.count(),
            250);
  EXPECT_EQ(error_of(with(kWorker, {{"PS_DROP_MSG", "10"}})),
            "PS_DROP_MSG=10: 0, or PS_RESEND=1 beside it, is wanted (worker)");
  EXPECT_THAT(error_of(with(kWorker, {{"PS_RESEND", "1"}, {"PS_RESEND_TIMEOUT", "0"}})), HasSubstr("from 1 to"));
}

TEST(NodeConfigTest, ALoopbackRootSetsTheInterfaceAsideWithAWarning) {
  const NodeConfig config = read(with(kWorker, {{"DMLC_INTERFACE", "eth77"}}));
  EXPECT_EQ(config.local->bind_host, "127.0.0.1");
  EXPECT_EQ(config.local->advertised, "127.0.0.1");
  ASSERT_THAT(config.warnings, SizeIs(1));
  EXPECT_EQ(
      config.warnings[0],
      "DMLC_INTERFACE=eth77 is set aside: DMLC_PS_ROOT_URI=127.0.0.1 can only be reached from the loopback interface");
  EXPECT_THAT(read(with(kWorker, {{"DMLC_INTERFACE", "lo"}})).warnings, IsEmpty());
}

TEST(NodeConfigTest, TheInterfacesAddressIsBoundAndAdvertised) {
  const NodeConfig config = read(with(kWorker, {{"DMLC_INTERFACE", "lo"}, {"DMLC_PS_ROOT_URI", "10.1.0.2"}}));
  EXPECT_EQ(config.local->bind_host, "127.0.0.1");
  const std::string error = error_of(with(kWorker, {{"DMLC_INTERFACE", "eth77"}, {"DMLC_PS_ROOT_URI", "10.1.0.2"}}));
  EXPECT_THAT(error, HasSubstr("DMLC_INTERFACE=eth77: an interface with an IPv4 address (here: "));
  EXPECT_THAT(error, HasSubstr("lo"));
}

TEST(NodeConfigTest, BehindNatTheNodeAdvertisesWhatItCannotBind) {
  const NodeConfig config = read(with(kWorker, {{"DMLC_NODE_HOST", "203.0.113.9"}, {"DMLC_PS_ROOT_URI", "10.1.0.2"}}));
  EXPECT_EQ(config.local->advertised, "203.0.113.9");
  EXPECT_EQ(config.local->bind_host, "0.0.0.0");
}

TEST(NodeConfigTest, ASchedulerBindsItsOwnAddressWhateverItsInterface) {
  std::optional<std::string> own;
  for (const std::string& name : interfaces_with_address()) {
    const auto address = address_of_interface(name);
    if (address && !is_loopback(*address)) own = address;
  }
  if (!own) GTEST_SKIP() << "SKIPPED: no interface but loopback has an address";
  const Environment elsewhere{{"DMLC_PS_ROOT_URI", *own}, {"DMLC_INTERFACE", "lo"}};
  const NodeConfig scheduler = read(with(kLocalScheduler, elsewhere));
  EXPECT_EQ(scheduler.local->bind_host, *own);
  EXPECT_THAT(scheduler.warnings, ElementsAre("DMLC_INTERFACE=lo (127.0.0.1) is set aside: the others look for the "
                                              "scheduler at DMLC_PS_ROOT_URI=" +
                                              *own));
  EXPECT_EQ(read(with(kPartyServer, elsewhere)).local->bind_host, "127.0.0.1");
}

TEST(NodeConfigTest, ASchedulerBindsItsOwnAddress) {
  const NodeConfig config = read(with(kLocalScheduler, {{"DMLC_PS_ROOT_URI", "10.1.0.2"}}));
  EXPECT_EQ(config.local->bind_host, "10.1.0.2");
}

TEST(HostTest, Addresses) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("127.8.0.1"));
  EXPECT_FALSE(is_loopback("10.0.0.1"));
  EXPECT_EQ(address_of_interface("lo"), "127.0.0.1");
  EXPECT_EQ(address_of_interface("eth77"), std::nullopt);
  EXPECT_EQ(source_towards("127.0.0.1"), "127.0.0.1");
  EXPECT_FALSE(is_local_address("203.0.113.9"));
  EXPECT_EQ(ipv4_number("10.1.0.2"), 0x0a010002u);
  EXPECT_EQ(ipv4_number("nowhere"), std::nullopt);
}

}  // namespace
}  // namespace geomx::ps

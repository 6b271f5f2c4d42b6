#include "ps/membership/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ps/membership/messages.h"

namespace geomx::ps {
namespace {

using ::testing::HasSubstr;

PlaneConfig plane(int servers, int workers) {
  PlaneConfig config;
  config.num_servers = servers;
  config.num_workers = workers;
  config.scheduler_host = "10.1.0.2";
  config.scheduler_port = 9093;
  return config;
}

proto::Register request(proto::Role role, const std::string& name, const std::string& host = "10.1.0.3") {
  proto::Register request;
  request.set_role(role);
  request.set_host(host);
  request.set_port(5000);
  request.set_num_servers(1);
  request.set_num_workers(3);
  request.set_heartbeat_interval(2);
  request.set_heartbeat_timeout(15);
  request.set_name(name);
  request.set_nonce("nonce of " + name);
  return request;
}

proto::Register worker(const std::string& name, const std::string& host = "10.1.0.3", std::uint64_t order = 0) {
  proto::Register register_worker = request(proto::ROLE_WORKER, name, host);
  register_worker.set_order(order);
  return register_worker;
}

std::string refusal(Registry& registry, const proto::Register& asked, bool fatal) {
  try {
    registry.add(asked, "route");
  } catch (const Refused& refused) {
    EXPECT_EQ(refused.fatal(), fatal);
    return refused.what();
  }
  return "taken";
}

TEST(RegistryTest, CompletesAndKnowsRepetitions) {
  Registry registry(plane(1, 3));
  EXPECT_TRUE(registry.add(worker("a:1"), "r1"));
  EXPECT_FALSE(registry.add(worker("a:1"), "r2"));
  EXPECT_EQ(registry.count(Role::worker), 1);
  EXPECT_EQ(registry.by_route("r2"), registry.by_nonce("nonce of a:1"));
  registry.add(worker("a:2"), "r3");
  registry.add(worker("a:3"), "r4");
  EXPECT_FALSE(registry.complete());
  registry.add(request(proto::ROLE_SERVER, "s:1"), "r5");
  EXPECT_TRUE(registry.complete());
}

TEST(RegistryTest, RanksDoNotDependOnTheOrderOfArrival) {
  const std::vector<proto::Register> workers{worker("z:1", "10.1.0.9", 1), worker("a:100", "10.1.0.10"),
                                             worker("a:99", "10.1.0.10")};
  for (const std::vector<int>& arrival : {std::vector{0, 1, 2}, std::vector{2, 1, 0}, std::vector{1, 0, 2}}) {
    Registry registry(plane(1, 3));
    for (const int i : arrival) registry.add(workers[static_cast<std::size_t>(i)], "r" + std::to_string(i));
    registry.assign_ranks();
    EXPECT_EQ(registry.find({Role::worker, 0})->name, "a:99");
    EXPECT_EQ(registry.find({Role::worker, 1})->name, "a:100");
    EXPECT_EQ(registry.find({Role::worker, 2})->name, "z:1");
  }
}

TEST(RegistryTest, AddressesAreOrderedAsNumbersAndTheMasterIsFirst) {
  Registry registry(plane(1, 3));
  registry.add(worker("a:1", "10.1.0.10"), "r1");
  registry.add(worker("b:1", "10.1.0.9"), "r2");
  proto::Register master = worker("c:1", "10.1.0.11", 77);
  master.set_master(true);
  registry.add(master, "r3");
  registry.assign_ranks();
  EXPECT_EQ(registry.find({Role::worker, 0})->name, "c:1");
  EXPECT_EQ(registry.find({Role::worker, 1})->name, "b:1");
  EXPECT_EQ(registry.find({Role::worker, 2})->name, "a:1");
}

TEST(RegistryTest, ADifferentCountIsFatalAndNamesTheVariableAndBothValues) {
  Registry registry(plane(1, 3));
  proto::Register other = worker("a:1");
  other.set_num_workers(2);
  EXPECT_EQ(
      refusal(registry, other, true),
      "worker a:1 has DMLC_NUM_WORKER=2, and the local scheduler at 10.1.0.2:9093 has DMLC_NUM_WORKER=3: they must "
      "be equal");
  PlaneConfig global = plane(1, 3);
  global.global = true;
  Registry global_registry(global);
  other.set_num_workers(3);
  other.set_num_servers(4);
  EXPECT_THAT(refusal(global_registry, other, true), HasSubstr("DMLC_NUM_GLOBAL_SERVER=4"));
}

TEST(RegistryTest, DifferentHeartbeatsAreFatal) {
  Registry registry(plane(1, 3));
  proto::Register other = worker("a:1");
  other.set_heartbeat_interval(20);
  EXPECT_EQ(refusal(registry, other, true),
            "worker a:1 has PS_HEARTBEAT_INTERVAL=20, and the local scheduler at 10.1.0.2:9093 has "
            "PS_HEARTBEAT_INTERVAL=2: they must be equal");
  PlaneConfig off = plane(1, 3);
  off.heartbeat_timeout = std::chrono::duration<double>(0);
  Registry without(off);
  EXPECT_THAT(refusal(without, worker("a:1"), true), HasSubstr("has PS_HEARTBEAT_TIMEOUT=15, and the local"));
  other.set_heartbeat_timeout(0);
  EXPECT_TRUE(without.add(other, "r1"));  // nobody beats: how often does not matter
}

TEST(RegistryTest, OnlyAServerNeedsAPort) {
  Registry registry(plane(1, 3));
  proto::Register deaf = worker("a:1");
  deaf.set_port(0);
  EXPECT_TRUE(registry.add(deaf, "r1"));
  proto::Register server = request(proto::ROLE_SERVER, "s:1");
  server.set_port(0);
  EXPECT_THAT(refusal(registry, server, false), HasSubstr("no usable address: 10.1.0.3:0"));
}

TEST(RegistryTest, ASurplusNodeIsRefusedAlone) {
  Registry registry(plane(1, 3));
  registry.add(request(proto::ROLE_SERVER, "s:1"), "r1");
  EXPECT_EQ(refusal(registry, request(proto::ROLE_SERVER, "s:2"), false),
            "server s:2 is one too many: 1 of 1 servers are registered at the local scheduler at 10.1.0.2:9093 already "
            "(DMLC_NUM_SERVER=1)");
}

TEST(RegistryTest, TwoMastersAndNonsenseAreRefused) {
  Registry registry(plane(1, 3));
  proto::Register master = worker("a:1");
  master.set_master(true);
  registry.add(master, "r1");
  proto::Register second = worker("a:2");
  second.set_master(true);
  EXPECT_EQ(refusal(registry, second, true), "both a:1 and a:2 have DMLC_ROLE_MASTER_WORKER=1: only one may");
  EXPECT_THAT(refusal(registry, request(proto::ROLE_UNSET, "x:1"), false), HasSubstr("neither server nor worker"));
  EXPECT_THAT(refusal(registry, worker("a:3", "nowhere"), false), HasSubstr("no usable address: nowhere:5000"));
}

TEST(MessagesTest, OnlyWhatIsMissingIsNamed) {
  EXPECT_EQ(missing(plane(1, 3), 1, 2, 60), "2 of 3 workers have registered within 60 s (DMLC_NUM_WORKER=3)");
  EXPECT_EQ(
      missing(plane(1, 3), 0, 2, 0.5),
      "0 of 1 server has registered within 0.5 s (DMLC_NUM_SERVER=1); 2 of 3 workers have registered within 0.5 s "
      "(DMLC_NUM_WORKER=3)");
}

}  // namespace
}  // namespace geomx::ps

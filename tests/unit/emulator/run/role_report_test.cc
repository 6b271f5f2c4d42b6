#include "emulator/run/role_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<RoleProcess> processes() {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->sync.name = "hfa";
  scenario.training->sync.k1 = 7;
  return role_processes(scenario, test::plan_of(scenario), "geomx-node");
}

TEST(RoleReport, NamesWhatAllAreToldAndNothingElse) {
  const std::string text = describe(processes());
  EXPECT_THAT(text, HasSubstr("every role is told DMLC_INTERFACE=eth0 GEOMX_SYNC=hfa MXNET_KVSTORE_HFA_K1=7 "));
  EXPECT_THAT(text, Not(HasSubstr("DMLC_ROLE")));
  EXPECT_THAT(text, HasSubstr("b-worker-1 runs geomx-node --device auto --data-slice-idx 3 "));
  EXPECT_EQ(describe({}), "");
  EXPECT_THAT(text, Not(HasSubstr("every global server")));
  scenario::Scenario kept = test::three_dc();
  kept.training->checkpoint = scenario::Checkpoint{.dir = "/kept", .every = 5, .resume = false};
  EXPECT_THAT(describe(role_processes(kept, test::plan_of(kept), "geomx-node")),
              HasSubstr("\nevery global server is told GEOMX_CHECKPOINT_DIR=/kept GEOMX_CHECKPOINT_EVERY=5\n"
                        "checkpoints of workers: a-worker-0\n"));
  kept.training->sync.name = "diloco";
  EXPECT_THAT(describe(role_processes(kept, test::plan_of(kept), "geomx-node")),
              HasSubstr("\ncheckpoints of workers: a-worker-0, a-worker-1, b-worker-0, b-worker-1\n"));
  EXPECT_THAT(text, Not(HasSubstr("checkpoints")));
}

TEST(RoleReport, EveryRoleAsJson) {
  const auto plan = nlohmann::json::parse(add_roles(R"({"lab": "x"})", processes()));
  EXPECT_EQ(plan.at("lab"), "x");
  ASSERT_EQ(plan.at("roles").size(), 12u);
  EXPECT_EQ(plan.at("roles").at(0).at("node"), "central-global-scheduler");
  EXPECT_EQ(plan.at("roles").at(0).at("role"), "global scheduler");
  EXPECT_EQ(plan.at("roles").at(11).at("environment").at("GEOMX_SYNC"), "hfa");
  EXPECT_EQ(plan.at("roles").at(11).at("argv").at(0), "geomx-node");
  EXPECT_EQ(add_roles("{}", {}), "{}");
}

}  // namespace
}  // namespace geomx::run

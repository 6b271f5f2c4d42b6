#include "emulator/control/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace geomx::control {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

lab::Plan plan_of(std::size_t nodes, std::size_t links, shaper::Kind kind) {
  lab::Plan plan;
  plan.lab = "big";
  plan.nodes.resize(nodes);
  plan.links.resize(links);
  for (lab::PlannedLink& link : plan.links) link.shaper = kind;
  return plan;
}

TEST(Limits, DescriptorsGrowWithNodesAndShapedLinks) {
  const std::uint64_t empty = descriptors_needed({});
  EXPECT_GE(descriptors_needed(plan_of(5000, 0, shaper::Kind::none)), empty + 10'000);
  EXPECT_EQ(descriptors_needed(plan_of(0, 1000, shaper::Kind::none)), empty);
  EXPECT_GE(descriptors_needed(plan_of(0, 1000, shaper::Kind::tc)), empty + 4000);
  EXPECT_GE(descriptors_needed(plan_of(0, 1000, shaper::Kind::wire)), empty + 3000);
}

TEST(Limits, TheOneBehindARefusalIsNamed) {
  const lab::Plan plan = plan_of(5000, 0, shaper::Kind::none);
  const auto line = [&](int error) { return naming_limit(SystemError("n1", "create it", error), plan).line(); };
  EXPECT_THAT(line(ENOSPC), AllOf(StartsWith("n1: create it: No space left on device ("),
                                  HasSubstr("sysctl -w user.max_net_namespaces=10100"),
                                  HasSubstr("sysctl -w user.max_uts_namespaces=10100")));
  EXPECT_THAT(line(EMFILE), HasSubstr("prlimit --nofile="));
  EXPECT_THAT(line(ENFILE), HasSubstr("sysctl -w fs.file-max="));
  EXPECT_THAT(line(EAGAIN), HasSubstr("sysctl -w kernel.pid_max="));
  EXPECT_THAT(line(ENOMEM), HasSubstr("up to 2500 MB"));
  EXPECT_EQ(line(EPERM), "n1: create it: Operation not permitted") << "no limit's doing";
  EXPECT_EQ(naming_limit(SystemError("n1", "do", ENOSPC, "told already"), plan).hint(), "told already");
}

}  // namespace
}  // namespace geomx::control

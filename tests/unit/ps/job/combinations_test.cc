// The whole table of combinations: each cell trains, or is refused at the start with the one line that why_not() has.
#include "ps/config/combinations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/distance.h"
#include "tests/support/ps_job.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Servers {
  std::string name;
  Deployment deployment;
};

const std::vector<Servers>& servers() {
  static const std::vector<Servers> all{
      {"one_each", {}},
      {"several_each", {.party_servers = 2, .global_servers = 3, .bigarray_bound = 50}},
      {"central_trains", {.party_workers = {2, 1}, .global_servers = 2, .central_workers = 2, .central_trains = true}},
      {"central_only", {.party_workers = {}, .central_workers = 3, .central_trains = true}},
  };
  return all;
}

// What each flow is asked for with.
const std::map<std::string, std::map<std::string, std::string>>& flows() {
  static const std::map<std::string, std::map<std::string, std::string>> all{
      {"", {}},
      {"p3", {{"ENABLE_P3", "1"}, {"GEOMX_P3_SLICE", "256"}}},
      {"dgt1", {{"ENABLE_DGT", "1"}, {"DGT_BLOCK_SIZE", "64"}}},
      {"dgt2", {{"ENABLE_DGT", "2"}, {"DGT_BLOCK_SIZE", "64"}}},
      {"dgt3", {{"ENABLE_DGT", "3"}, {"DGT_BLOCK_SIZE", "64"}}},
      {"dgt1_p3", {{"ENABLE_DGT", "1"}, {"DGT_BLOCK_SIZE", "64"}, {"ENABLE_P3", "1"}, {"GEOMX_P3_SLICE", "256"}}},
      {"intra_ts", {{"ENABLE_INTRA_TS", "1"}}},
      {"inter_ts", {{"ENABLE_INTER_TS", "1"}}},
      {"both_ts", {{"ENABLE_INTRA_TS", "1"}, {"ENABLE_INTER_TS", "1"}}},
      {"p3_ts", {{"ENABLE_P3", "1"}, {"ENABLE_INTRA_TS", "1"}}},
      {"dgt1_ts", {{"ENABLE_DGT", "1"}, {"DGT_BLOCK_SIZE", "64"}, {"ENABLE_INTRA_TS", "1"}}},
  };
  return all;
}

using Cell = std::tuple<std::string, std::string, std::size_t, std::string>;  // sync, codec, servers, flow

std::string name_of(const ::testing::TestParamInfo<Cell>& test) {
  const auto& [sync, codec, where, flow] = test.param;
  return sync + "_" + codec + "_" + servers()[where].name + (flow.empty() ? "" : "_" + flow);
}

class CombinationsTest : public ::testing::TestWithParam<Cell> {};
INSTANTIATE_TEST_SUITE_P(Table, CombinationsTest,
                         ::testing::Combine(::testing::Values("fsa", "mixed", "dcasgd", "hfa", "esync", "diloco"),
                                            ::testing::Values("none", "fp16", "bf16", "bisparse", "mpq", "2bit"),
                                            ::testing::Range(std::size_t{0}, std::size_t{4}), ::testing::Values("")),
                         name_of);
// A sample for every day; the rest is in the slow suite.
INSTANTIATE_TEST_SUITE_P(FlowSample, CombinationsTest,
                         ::testing::Combine(::testing::Values("fsa"), ::testing::Values("none"),
                                            ::testing::Values(std::size_t{2}),
                                            ::testing::Values("p3", "dgt1", "dgt2", "dgt3", "dgt1_p3", "intra_ts",
                                                              "inter_ts", "both_ts", "p3_ts", "dgt1_ts")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(SlowPriority, CombinationsTest,
                         ::testing::Combine(::testing::Values("fsa", "mixed", "dcasgd", "hfa", "esync", "diloco"),
                                            ::testing::Values("none", "fp16", "bisparse", "mpq", "2bit"),
                                            ::testing::Values(std::size_t{1}, std::size_t{2}), ::testing::Values("p3")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(SlowFlow, CombinationsTest,
                         ::testing::Combine(::testing::Values("fsa", "mixed", "dcasgd", "hfa", "esync", "diloco"),
                                            ::testing::Values("none", "bisparse"),
                                            ::testing::Values(std::size_t{1}, std::size_t{2}),
                                            ::testing::Values("dgt1", "dgt2", "dgt3", "dgt1_p3", "intra_ts", "inter_ts",
                                                              "both_ts", "p3_ts", "dgt1_ts")),
                         name_of);
INSTANTIATE_TEST_SUITE_P(SlowCentralOnly, CombinationsTest,
                         ::testing::Combine(::testing::Values("fsa"), ::testing::Values("none", "fp16"),
                                            ::testing::Values(std::size_t{3}),
                                            ::testing::Values("p3", "dgt1", "intra_ts", "inter_ts")),
                         name_of);

double mean_distance_from_target(const Tensors& weights) {
  double sum = 0;
  for (const std::vector<float>& tensor : weights)
    sum += test::distance(tensor, std::vector<double>(tensor.size(), 0.5));
  return sum / static_cast<double>(weights.size());
}

TEST_P(CombinationsTest, TrainsOrIsRefusedInOneLine) {
  const auto& [sync, codec, where, flow] = GetParam();
  Deployment deployment = servers()[where].deployment;
  deployment.join_timeout = 5;
  deployment.settings = {
      {"GEOMX_SYNC", sync == "dcasgd" ? "mixed" : sync},
      {"GEOMX_CODEC", codec},
      {"MXNET_KVSTORE_HFA_K1", "2"},
      {"MXNET_KVSTORE_HFA_K2", "2"},
      {"GEOMX_DILOCO_STEPS", "2"},
      {"GEOMX_BISPARSE_RATIO", "0.2"},
      // Gradients are larger than what is learnt in two steps along them.
      {"GEOMX_2BIT_THRESHOLD", sync == "fsa" || sync == "mixed" || sync == "dcasgd" ? "0.3" : "0.02"},
      {"MXNET_KVSTORE_SIZE_LOWER_BOUND", "60"}};
  deployment.settings.insert(flows().at(flow).begin(), flows().at(flow).end());
  if (sync == "dcasgd") deployment.settings["GEOMX_DCASGD"] = "1";
  Settings settings;
  for (const auto& [name, value] : deployment.settings) settings.set(name, value);
  const JobShape shape{static_cast<int>(deployment.party_workers.size()), deployment.central_trains};
  const std::string refusal = why_not(settings.job(), shape);

  constexpr std::size_t kRounds = 20;
  const Trained trained = train(deployment, inproc_medium(), {}, sgd(0.1), kRounds);
  if (!refusal.empty()) {
    EXPECT_EQ(refusal.find('\n'), std::string::npos);
    EXPECT_THAT(trained.ends.servers, ::testing::Contains(HasSubstr(refusal)));
    EXPECT_THAT(trained.ends.workers, Each(HasSubstr(refusal)));
    return;
  }
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  const bool synchronous = settings.job().sync.name != SyncName::mixed;
  // Of parties that take no turns, one may be through before another begins, and the weights end nearer to its target;
  // and how many local steps ESync plans depends on how long they took.
  const double share = synchronous && settings.job().sync.name != SyncName::esync ? 0.9 : 0.97;
  for (const std::vector<Tensors>& replica : trained.history) {
    ASSERT_EQ(replica.size(), kRounds + 1);
    EXPECT_LT(mean_distance_from_target(replica.back()), share * mean_distance_from_target(replica.front()));
    if (synchronous) {
      EXPECT_EQ(replica.back(), trained.history[0].back());
    }
  }
  EXPECT_LT(mean_distance_from_target(trained.store[0]), share * mean_distance_from_target(trained.history[0].front()));
}

}  // namespace
}  // namespace geomx::ps::testing
